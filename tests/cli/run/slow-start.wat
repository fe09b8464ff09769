;; A loop that says late or never that it is ready is not waited for longer than the user wants to.
;;
;; RUN: run %capsule --ready-timeout 50ms
(module
  (import "astrid:sys/host@1.0.0" "sleep-ns" (func $sleep (param i64 i32)))
  (func (export "run")
    (call $sleep (i64.const 1500000000) (i32.const 0))))
