;; The host says when all capsules are loaded, and when a run loop has failed.
;;
;; FAIL(6): run %capsule --follow
(module
  (import "astrid:sys/host@1.0.0" "signal-ready" (func $ready))
  (import "astrid:sys/host@1.0.0" "sleep-ns" (func $sleep (param i64 i32)))
  (func (export "run")
    (call $ready)
    (call $sleep (i64.const 200000000) (i32.const 0))
    unreachable))
