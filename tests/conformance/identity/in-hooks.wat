;;! interface = "identity"
;;! covers = ["store-unavailable"]
;;! phase = "install"
;;! capabilities = { identity = ["admin"] }
;; In a lifecycle hook there are no users to be had: what it changes has to go with it if it fails.
(module
  (import "astrid:identity/host@1.0.0" "identity-resolve" (func $resolve (param i32 i32 i32 i32 i32)))
  (import "astrid:identity/host@1.0.0" "identity-link"
    (func $link (param i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "astrid:identity/host@1.0.0" "identity-unlink" (func $unlink (param i32 i32 i32 i32 i32)))
  (import "astrid:identity/host@1.0.0" "identity-create-user" (func $create (param i32 i32 i32 i32)))
  (import "astrid:identity/host@1.0.0" "identity-list-links" (func $links (param i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $case
    (call $resolve (@text "chat") (@text "a") (i32.const 0))
    (call $error (@error "store-unavailable") (@text "looking up"))
    (call $link (@text "chat") (@text "a") (@text "00000000-0000-0000-0000-000000000000")
      (@text "code") (i32.const 0))
    (call $error (@error "store-unavailable") (@text "linking"))
    (call $unlink (@text "chat") (@text "a") (i32.const 0))
    (call $error (@error "store-unavailable") (@text "unlinking"))
    (call $links (@text "00000000-0000-0000-0000-000000000000") (i32.const 0))
    (call $error (@error "store-unavailable") (@text "listing"))
    (call $create (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
    (call $error (@error "store-unavailable") (@text "making a user"))))
