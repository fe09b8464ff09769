;; A capsule directory becomes an installed capsule, which is then known by its name.
;;
;; RUN: install %capsule --yes
;; RUN[list]: list
;; RUN[json]: install %capsule --yes --json --reinstall
(module
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))
