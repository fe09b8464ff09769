;; A capsule without a hook cannot be invoked, and the message says what it has instead.
;;
;; FAIL(3): invoke %capsule greet
(module
  (func (export "run")))
