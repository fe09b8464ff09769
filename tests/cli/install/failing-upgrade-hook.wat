;; An upgrade hook that traps leaves the previous version installed and working.
;;
;; RUN: install %capsule --yes
;; EDIT %capsule/Capsule.toml: version = "0.1.0" => version = "0.2.0"
;; FAIL(6)[upgrade]: install %capsule --yes
;; RUN[list]: list
;; RUN[invoke]: invoke %name anything
(module
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty))
  (func (export "astrid-upgrade") unreachable))
