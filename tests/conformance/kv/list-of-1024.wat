;;! interface = "kv"
;;! covers = ["kv-list-keys", "too-large"]
;;! keys = 1024
;; A list has at most 1024 keys; with one more it fails instead of leaving one out.
(module
  (import "astrid:kv/host@1.0.0" "kv-set" (func $set (param i32 i32 i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-list-keys" (func $list (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-delete" (func $delete (param i32 i32 i32)))
  (func $case
    (call $list (@text "k") (i32.const 0))
    (call $ok (@text "a list of 1024 keys"))
    (call $number (i32.load (i32.const 8)) (i32.const 1024) (@text "keys"))
    (call $set (@text "k9999") (@text "") (i32.const 0))
    (call $list (@text "k") (i32.const 0))
    (call $error (@error "too-large") (@text "a list of 1025 keys"))
    (call $list (@text "k1") (i32.const 0))
    (call $ok (@text "a list of few of them"))
    (call $number (i32.load (i32.const 8)) (i32.const 24) (@text "keys with a longer prefix"))
    (call $delete (@text "k9999") (i32.const 0))))
