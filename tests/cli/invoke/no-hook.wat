;; A capsule without a hook cannot be invoked, and the message says what it has instead.
;;
;; FAIL(3): invoke %capsule greet
(module
  (import "astrid:sys/host@1.0.0" "signal-ready" (func $signal-ready))
  (func (export "run")
    (call $signal-ready)))
