;;! interface = "unserved"
;; Approvals and identities are not served yet and say so in their own error types: nothing is
;; approved or linked.
(module
  (import "astrid:approval/host@1.0.0" "request-approval" (func $approve (param i32 i32 i32 i32 i32)))
  (import "astrid:identity/host@1.0.0" "identity-list-links" (func $links (param i32 i32 i32)))
  ;; The error at address 0 is `unknown` with the fixed text.
  (func $refused (param $text i32) (param $bytes i32) (param $unknown i32)
    (call $error (local.get $unknown) (local.get $text) (local.get $bytes))
    (call $text (i32.load (i32.const 8)) (i32.load (i32.const 12))
      (@text "not served by this version of capsule") (local.get $text) (local.get $bytes)))
  (func $case
    (call $approve (@text "delete") (@text "everything") (i32.const 0))
    (call $refused (@text "request-approval") (i32.const 3))
    (call $links (@text "ann") (i32.const 0))
    (call $refused (@text "identity-list-links") (i32.const 6))))
