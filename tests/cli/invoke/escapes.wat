;; Control characters of a guest stay what they are in data, which goes to a pipe here and is quoted
;; in JSON; in a message they are escaped.
;;
;; RUN: invoke %capsule paint
;; RUN[json]: invoke %capsule paint --json
;; FAIL(9)[reason]: invoke %capsule deny
(module
  (data (i32.const 0) "\1b[2J\1b]0;title\07red\0d\u{202e}evil")
  (func (export "astrid-hook-trigger") (param $action i32) (param i32 i32 i32) (result i32)
    (if (i32.eq (i32.load8_u (local.get $action)) (i32.const 100)) ;; d
      (then (return (call $deny (i32.const 0) (i32.const 25)))))
    (call $continue (i32.const 0) (i32.const 25))))
