;; A component that was built for WASI is recognised, with the target that it should be built for.
;;
;; RUN: inspect %wasm
;; FAIL(1)[check]: inspect %wasm --check --json
(component
  (import "wasi:cli/environment@0.2.0"
    (instance (export "get-arguments" (func (result (list string)))))))
