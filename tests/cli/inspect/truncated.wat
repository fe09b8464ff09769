;; A binary that ends early is refused with the offset, wherever it was cut.
;;
;; CUT %wasm: 200
;; FAIL(3): inspect %wasm
;; FAIL(3)[json]: inspect %wasm --json
;; CUT %wasm: 8
;; RUN[header-only]: inspect %wasm
;; CUT %wasm: 5
;; FAIL(3)[half-a-header]: inspect %wasm
;; CUT %wasm: 0
;; FAIL(3)[empty]: inspect %wasm
(module
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))
