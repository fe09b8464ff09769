;;! interface = "identity"
;;! covers = ["identity-link", "identity-list-links", "identity-resolve", "invalid-input", "capability-denied"]
;; Whether a user's id is one is told before permission is asked; other texts are looked at only with it.
(module
  (import "astrid:identity/host@1.0.0" "identity-resolve" (func $resolve (param i32 i32 i32 i32 i32)))
  (import "astrid:identity/host@1.0.0" "identity-link"
    (func $link (param i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "astrid:identity/host@1.0.0" "identity-list-links" (func $links (param i32 i32 i32)))
  (func $case
    (call $link (@text "chat") (@text "a") (@text "ada") (@text "code") (i32.const 0))
    (call $error (@error "invalid-input") (@text "link to no UUID"))
    (call $links (@text "ada") (i32.const 0))
    (call $error (@error "invalid-input") (@text "accounts of no UUID"))
    (call $link (@text "") (@text "a") (@text "00000000-0000-0000-0000-000000000000") (@text "")
      (i32.const 0))
    (call $error (@error "capability-denied") (@text "blank texts"))
    (call $resolve (@text "") (@text "") (i32.const 0))
    (call $error (@error "capability-denied") (@text "a blank account"))))
