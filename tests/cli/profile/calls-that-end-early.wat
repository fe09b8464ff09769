;; A call that traps or runs out of fuel is accounted for up to there. One that is ended by the clock
;; has no profile, since no second one is the same.
;;
;; RUN[trap]: profile %capsule t
;; RUN[trap-in-json]: profile %capsule t --json
;; RUN[fuel]: profile %capsule l --fuel 20000
;; FAIL(8)[clock]: profile %capsule l --timeout 100ms
;; RUN[deny]: profile %capsule d --top 1
(module
  (func $divide (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))
  (func $leaf)
  (func $for-ever (loop (call $leaf) (br 0)))
  (func (export "astrid-hook-trigger") (param $action i32) (param i32 i32 i32) (result i32)
    (local $letter i32)
    (local.set $letter (i32.load8_u (local.get $action)))
    (if (i32.eq (local.get $letter) (i32.const 116)) (then (drop (call $divide (i32.const 0)))))
    (if (i32.eq (local.get $letter) (i32.const 108)) (then (call $for-ever)))
    (call $deny (i32.const 65536) (i32.const 0))))
