;;! interface = "approval"
;;! covers = ["request-approval", "timeout"]
;;! approvals = { do = "thinks" }
;;! patience-ms = 30
;;! asked = ["approval: do (it)", "approval: do (it)"]
;; Who does not decide in time has neither approved nor denied, and is asked again the next time.
(module
  (import "astrid:approval/host@1.0.0" "request-approval" (func $request (param i32 i32 i32 i32 i32)))
  (func $case
    (call $request (@text "do") (@text "it") (i32.const 0))
    (call $error (@error "timeout") (@text "a request"))
    (call $request (@text "do") (@text "it") (i32.const 0))
    (call $error (@error "timeout") (@text "the same request"))))
