;;! interface = "approval"
;;! covers = ["request-approval", "timeout", "store-unavailable"]
;;! approvals = { once = "once", deny = "no", late = "timed-out", broken = "unavailable" }
;;! asked = ["approval: once (a)", "approval: once (a)", "approval: deny (a)", "approval: late (a)", "approval: broken (a)"]
;; A guest gets what was decided. A yes for once is asked for again, and no answer is no permission.
(module
  (import "astrid:approval/host@1.0.0" "request-approval" (func $request (param i32 i32 i32 i32 i32)))
  (func $ask (param $action i32) (param $bytes i32)
    (call $request (local.get $action) (local.get $bytes) (@text "a") (i32.const 0)))
  ;; The decisions: 0 denied, 1 approved, 2 for the session, 3 always, 4 allowance.
  (func $decision (param $wanted i32) (param $text i32) (param $bytes i32)
    (call $ok (local.get $text) (local.get $bytes))
    (call $number (i32.load8_u (i32.const 4)) (local.get $wanted)
      (local.get $text) (local.get $bytes)))
  (func $case
    (call $ask (@text "once"))
    (call $decision (i32.const 1) (@text "once"))
    (call $ask (@text "once"))
    (call $decision (i32.const 1) (@text "once more"))
    (call $ask (@text "deny"))
    (call $decision (i32.const 0) (@text "a no"))
    (call $ask (@text "late"))
    (call $error (@error "timeout") (@text "no answer"))
    (call $ask (@text "broken"))
    (call $error (@error "store-unavailable") (@text "no store"))))
