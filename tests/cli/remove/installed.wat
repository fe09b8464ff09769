;; Removing asks first, and a missing terminal is no yes; afterwards the name is free.
;;
;; RUN[install]: install %capsule --yes
;; FAIL(4): remove %name
;; RUN[kept]: list
;; RUN[yes]: remove %name --yes
;; RUN[list]: list
;; FAIL(3)[again]: remove %name --yes
;; RUN[reinstall]: install %capsule --yes
(module
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))
