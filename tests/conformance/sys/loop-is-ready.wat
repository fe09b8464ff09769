;;! interface = "sys"
;;! covers = ["signal-ready"]
;;! phase = "run"
;;! ready = true
;; A run loop that signals readiness is ready, once and for all.
(module
  (import "astrid:sys/host@1.0.0" "signal-ready" (func $signal))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $case
    (call $signal)
    (call $signal)))
