;; Installing the same bytes a second time changes nothing and says so.
;;
;; RUN: install %capsule --yes
;; RUN[again]: install %capsule --yes
;; RUN[list]: list --json
(module
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))
