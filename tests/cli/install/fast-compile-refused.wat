;; What the fast compiler does not know is no failure: the capsule gets optimized code, and a note says so.
;;
;; RUN: install %capsule --yes --fast-compile
;; RUN[call]: invoke %name act --json
;; RUN[again]: install %capsule --yes --fast-compile
(module
  (func $empty (param i32 i32 i32 i32) (result i32) (call $continue-empty))
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (return_call $empty (local.get 0) (local.get 1) (local.get 2) (local.get 3))))
