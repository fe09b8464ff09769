;;! interface = "kv"
;;! covers = ["kv-delete", "kv-cas", "kv-list-keys-page", "kv-clear-prefix", "invalid-key"]
;; A key that begins like the host's own can be neither written, swapped nor deleted, and is in no list;
;; one that only looks like it is a key like any other.
(module
  (import "astrid:kv/host@1.0.0" "kv-set" (func $set (param i32 i32 i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-delete" (func $delete (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-cas"
    (func $cas (param i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-list-keys-page"
    (func $page (param i32 i32 i32 i32 i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-clear-prefix" (func $clear (param i32 i32 i32)))
  (func $case
    (call $cas (@text "__secret:token") (i32.const 0) (i32.const 0) (i32.const 0) (@text "stolen")
      (i32.const 0))
    (call $error (@error "invalid-key") (@text "compare-and-swap"))
    (call $delete (@text "__secret:token") (i32.const 0))
    (call $error (@error "invalid-key") (@text "delete"))
    (call $set (@text "__secret:") (@text "v") (i32.const 0))
    (call $error (@error "invalid-key") (@text "the shortest one"))
    (call $set (@text "__secret") (@text "v") (i32.const 0))
    (call $ok (@text "one without a colon"))
    (call $set (@text "x__secret:token") (@text "v") (i32.const 0))
    (call $ok (@text "one that has it elsewhere"))
    (call $page (@text "") (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
    (call $ok (@text "page"))
    (call $number (i32.load (i32.const 8)) (i32.const 2) (@text "keys"))
    (call $clear (@text "__secret:") (i32.const 0))
    (call $ok (@text "clear"))
    (call $equal (i64.load (i32.const 8)) (i64.const 0) (@text "keys of the host that were cleared"))
    (call $clear (@text "") (i32.const 0))
    (call $equal (i64.load (i32.const 8)) (i64.const 2) (@text "all that there were"))))
