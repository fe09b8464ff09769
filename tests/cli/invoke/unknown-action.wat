;; An answer that the contract does not name counts as `continue`, and that is said: a mistyped denial
;; denies nothing.
;;
;; RUN: invoke %capsule x
;; RUN[json]: invoke %capsule x --json
(module
  (data (i32.const 16) "denny")
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $answer (i32.const 16) (i32.const 5) (i32.const 0) (i32.const 0) (i32.const 0))))
