;; Entry points that a component does not export are absent; imports are listed with what is used.
;;
;; RUN: inspect %capsule
;; RUN[bare]: inspect %wasm
;; RUN[json]: inspect %wasm --json
(module
  (import "astrid:kv/host@1.0.0" "kv-delete" (func (param i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func (param i32 i32 i32)))
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))
