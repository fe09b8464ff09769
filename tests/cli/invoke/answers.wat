;; Each answer of a guest has an exit code, and its data goes to standard output.
;;
;; RUN[continue]: invoke %capsule c
;; RUN[final]: invoke %capsule f
;; FAIL(9)[deny]: invoke %capsule d
;; FAIL(9)[abort]: invoke %capsule a
;; RUN[no-data]: invoke %capsule n
;; FAIL(9)[deny-without-reason]: invoke %capsule x
;; RUN[another-word]: invoke %capsule m
;; RUN[json]: invoke %capsule c --json
;; FAIL(9)[deny-json]: invoke %capsule d --json
(module
  (data (i32.const 0) "{\"number\":1}not todaydenymodify")
  (func (export "astrid-hook-trigger") (param $action i32) (param i32 i32 i32) (result i32)
    (local $letter i32)
    (local.set $letter (i32.load8_u (local.get $action)))
    (if (i32.eq (local.get $letter) (i32.const 99)) ;; c
      (then (return (call $continue (i32.const 0) (i32.const 12)))))
    (if (i32.eq (local.get $letter) (i32.const 102)) ;; f
      (then (return (call $final (i32.const 0) (i32.const 12)))))
    (if (i32.eq (local.get $letter) (i32.const 100)) ;; d
      (then (return (call $deny (i32.const 12) (i32.const 9)))))
    (if (i32.eq (local.get $letter) (i32.const 97)) ;; a
      (then (return (call $abort (i32.const 12) (i32.const 9)))))
    (if (i32.eq (local.get $letter) (i32.const 120)) ;; x
      (then (return (call $answer (i32.const 21) (i32.const 4)
        (i32.const 0) (i32.const 0) (i32.const 0)))))
    (if (i32.eq (local.get $letter) (i32.const 109)) ;; m
      (then (return (call $answer (i32.const 25) (i32.const 6)
        (i32.const 1) (i32.const 0) (i32.const 12)))))
    (call $continue-empty)))
