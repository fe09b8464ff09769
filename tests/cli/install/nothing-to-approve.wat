;; A capsule that may touch nothing is not installed either when nobody says so; nothing is written.
;;
;; FAIL(4): install %capsule
;; FAIL(4)[json]: install %capsule --json --no-input
;; RUN[list]: list
(module
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))
