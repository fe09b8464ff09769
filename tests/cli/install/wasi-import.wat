;; A component that was built for WASI is refused with the target that it should be built for.
;;
;; FAIL(3): install %capsule --yes
(component
  (import "wasi:cli/environment@0.2.0"
    (instance (export "get-arguments" (func (result (list string))))))
  (import "wasi:clocks/monotonic-clock@0.2.0" (instance (export "now" (func (result u64))))))
