;;! interface = "approval"
;;! covers = ["request-approval", "timeout"]
;;! phase = "install"
;;! expect = "cancelled ok"
;;! approvals = { do = "thinks" }
;;! parked = [{ cancel = true }]
;; A request that is open when the capsule is ended from outside gives a timeout, which is no yes.
(module
  (import "astrid:approval/host@1.0.0" "request-approval" (func $request (param i32 i32 i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $case
    (call $log (i32.const 0) (@text "parked"))
    (call $request (@text "do") (@text "it") (i32.const 0))
    (call $error (@error "timeout") (@text "an open request"))))
