;; Going back takes the code that there is: a version that was compiled fast is as it was.
;;
;; RUN[fast]: install %capsule --yes --fast-compile --json
;; EDIT %capsule/Capsule.toml: 0.1.0 => 0.2.0
;; RUN[newer]: install %capsule --yes --fast-compile --json
;; RUN: rollback %name --yes --json
(module
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))
