;;! interface = "kv"
;;! covers = ["kv-list-keys", "kv-list-keys-page", "kv-clear-prefix", "invalid-key"]
;; A prefix or cursor may be anything but a text with NUL in it.
(module
  (import "astrid:kv/host@1.0.0" "kv-list-keys" (func $list (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-list-keys-page"
    (func $page (param i32 i32 i32 i32 i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-clear-prefix" (func $clear (param i32 i32 i32)))
  (func $case
    (call $list (@text "a\00") (i32.const 0))
    (call $error (@error "invalid-key") (@text "list"))
    (call $page (@text "a\00") (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.const 0) (i32.const 0))
    (call $error (@error "invalid-key") (@text "page"))
    (call $page (@text "a") (i32.const 1) (@text "a\00") (i32.const 0) (i32.const 0))
    (call $error (@error "invalid-key") (@text "page with a cursor"))
    (call $clear (@text "a\00") (i32.const 0))
    (call $error-8 (@error "invalid-key") (@text "clear"))
    (call $list (@text "a\n") (i32.const 0))
    (call $ok (@text "a prefix that no key has"))))
