;;! interface = "sys"
;;! covers = ["signal-ready"]
;; Outside a run loop, signalling readiness does nothing, however often.
(module
  (import "astrid:sys/host@1.0.0" "signal-ready" (func $signal))
  (func $case
    (call $signal)
    (call $signal)))
