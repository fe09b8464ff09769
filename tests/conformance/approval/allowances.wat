;;! interface = "approval"
;;! covers = ["request-approval"]
;;! approvals = { "git push" = "session", delete = "always", "" = "session" }
;;! asked = ["approval: git push (git push origin)", "approval: git push (git push a; b)", "approval: git push (git pushx)", "approval: delete (/data/old.db)", "approval: delete (/data/old.db)", "approval: something it does not name", "approval: something it does not name"]
;;! fresh-only = "what was approved in the first call is in the second"
;; What was approved for more than once covers every resource that begins with that action, under
;; whatever action it is asked for, and nothing with shell operators. Nothing else is remembered.
(module
  (import "astrid:approval/host@1.0.0" "request-approval" (func $request (param i32 i32 i32 i32 i32)))
  ;; The decisions: 0 denied, 1 approved, 2 for the session, 3 always, 4 allowance.
  (func $decision (param $wanted i32) (param $text i32) (param $bytes i32)
    (call $ok (local.get $text) (local.get $bytes))
    (call $number (i32.load8_u (i32.const 4)) (local.get $wanted)
      (local.get $text) (local.get $bytes)))
  (func $case
    (call $request (@text " git push\n") (@text "git push origin") (i32.const 0))
    (call $decision (i32.const 2) (@text "the first time"))
    (call $request (@text "git push") (@text "git push origin main") (i32.const 0))
    (call $decision (i32.const 4) (@text "the same action"))
    (call $request (@text "other") (@text "git push") (i32.const 0))
    (call $decision (i32.const 4) (@text "the action alone"))
    (call $request (@text "git push") (@text "git push a; b") (i32.const 0))
    (call $decision (i32.const 2) (@text "a shell operator"))
    (call $request (@text "git push") (@text "git pushx") (i32.const 0))
    (call $decision (i32.const 2) (@text "another word"))
    (call $request (@text "delete") (@text "/data/old.db") (i32.const 0))
    (call $decision (i32.const 3) (@text "always"))
    (call $request (@text "delete") (@text "/data/old.db") (i32.const 0))
    (call $decision (i32.const 3) (@text "a resource that does not begin with the action"))
    (call $request (@text "") (@text "") (i32.const 0))
    (call $decision (i32.const 2) (@text "an action without a name"))
    (call $request (@text "") (@text "") (i32.const 0))
    (call $decision (i32.const 2) (@text "once more without a name"))))
