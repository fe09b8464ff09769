;;! interface = "approval"
;;! covers = ["request-approval"]
;;! phase = "run"
;;! approvals = { do = "once" }
;;! asked = ["approval: do (it)"]
;; Approval may be asked for at any time (run).
(module
  (import "astrid:approval/host@1.0.0" "request-approval" (func $request (param i32 i32 i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $case
    (call $request (@text "do") (@text "it") (i32.const 0))
    (call $ok (@text "a request"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 1) (@text "approved"))))
