;;! interface = "approval"
;;! covers = ["request-approval"]
;;! asked = []
;; Where nobody is there and no rule decides, the answer is a denial, at once.
(module
  (import "astrid:approval/host@1.0.0" "request-approval" (func $request (param i32 i32 i32 i32 i32)))
  (func $case
    (call $request (@text "delete") (@text "everything") (i32.const 0))
    (call $ok (@text "a denial is an answer"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "denied"))
    (call $request (@text "") (@text "") (i32.const 0))
    (call $ok (@text "nothing to approve"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "denied again"))))
