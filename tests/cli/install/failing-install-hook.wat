;; An install hook that traps leaves nothing installed; without hooks the same capsule installs.
;;
;; FAIL(6): install %capsule --yes
;; RUN[list]: list
;; RUN[without-hooks]: install %capsule --yes --no-hooks
(module
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty))
  (func (export "astrid-install") unreachable))
