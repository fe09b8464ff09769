;; A binary that is gone is damage; the source repairs it as long as it is the same.
;;
;; RUN[install]: install %capsule --yes
;; REMOVE: %home/bin/*.wasm
;; FAIL(5): verify %name
;; FAIL(5)[invoke]: invoke %name anything
;; RUN[reinstall]: install %capsule --yes --reinstall
;; RUN[whole]: verify %name
(module
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))
