;;! interface = "kv"
;;! covers = ["kv-get", "kv-set", "kv-list-keys", "kv-clear-prefix", "unknown"]
;;! files = { "var/capsule.kv.sqlite3" = "this is no database" }
;; A store that cannot be used is an error with a text, and never an empty store.
(module
  (import "astrid:kv/host@1.0.0" "kv-set" (func $set (param i32 i32 i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-get" (func $get (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-list-keys" (func $list (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-clear-prefix" (func $clear (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-delete" (func $delete (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-cas"
    (func $cas (param i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-list-keys-page"
    (func $page (param i32 i32 i32 i32 i32 i32 i32)))
  (func $case
    (call $get (@text "k") (i32.const 0))
    (call $error (@error "unknown") (@text "get"))
    (call $text (i32.load (i32.const 8)) (i32.load (i32.const 12))
      (@text "the store cannot be used") (@text "a text that names no place on the machine"))
    (call $set (@text "k") (@text "v") (i32.const 0))
    (call $error (@error "unknown") (@text "set"))
    (call $list (@text "") (i32.const 0))
    (call $error (@error "unknown") (@text "list"))
    (call $clear (@text "") (i32.const 0))
    (call $error-8 (@error "unknown") (@text "clear"))
    (call $delete (@text "k") (i32.const 0))
    (call $error (@error "unknown") (@text "delete"))
    (call $cas (@text "k") (i32.const 0) (i32.const 0) (i32.const 0) (@text "v") (i32.const 0))
    (call $error (@error "unknown") (@text "compare-and-swap"))
    (call $page (@text "") (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
    (call $error (@error "unknown") (@text "page"))))
