;; A changed byte in an installed binary is found, and the capsule does not load any more.
;;
;; RUN[install]: install %capsule --yes
;; RUN: verify %name
;; RUN[all]: verify --all --json
;; FLIP: %home/bin/*.wasm
;; FAIL(5)[damaged]: verify %name
;; FAIL(5)[damaged-json]: verify --all --json
;; FAIL(5)[invoke]: invoke %name anything
(module
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))
