;; A hook that asks for approval where nobody is there installs nothing; with a rule it is installed,
;; and the document says what was decided. --yes is no approval.
;;
;; FAIL(4): install %capsule --yes
;; RUN[list]: list
;; RUN[json]: install %capsule --yes --json --approve 'set up'
;; RUN[again]: install %capsule --yes --reinstall --approve 'deny:*'
(module
  (import "astrid:approval/host@1.0.0" "request-approval" (func $request (param i32 i32 i32 i32 i32)))
  (data (i32.const 256) "set up")
  (data (i32.const 288) "the machine")
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty))
  (func (export "astrid-install")
    (call $request (i32.const 256) (i32.const 6) (i32.const 288) (i32.const 11) (i32.const 0))))
