;; A dry run makes all checks and leaves nothing behind.
;;
;; RUN: install %capsule --yes --dry-run
;; RUN[list]: list
(module
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))
