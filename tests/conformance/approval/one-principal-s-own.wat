;;! interface = "approval"
;;! covers = ["request-approval"]
;;! approvals = { "git push" = "session" }
;;! fresh-only = "what was approved in the first call is in the second"
;; What was approved for one principal is asked for again when another one wants it.
(module
  (import "astrid:approval/host@1.0.0" "request-approval" (func $request (param i32 i32 i32 i32 i32)))
  (func $case
    (call $request (@text "git push") (@text "git push origin") (i32.const 0))
    (call $ok (@text "a request"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 2) (@text "for the session"))
    (call $request (@text "git push") (@text "git push origin") (i32.const 0))
    (call $ok (@text "a second request"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 4) (@text "an allowance"))))
