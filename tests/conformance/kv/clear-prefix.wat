;;! interface = "kv"
;;! covers = ["kv-clear-prefix", "kv-list-keys"]
;; Clearing removes the keys with the prefix, tells how many there were, and leaves all others.
(module
  (import "astrid:kv/host@1.0.0" "kv-set" (func $set (param i32 i32 i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-list-keys" (func $list (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-clear-prefix" (func $clear (param i32 i32 i32)))
  (func $put (param $key i32) (param $bytes i32)
    (call $set (local.get $key) (local.get $bytes) (@text "v") (i32.const 0))
    (call $ok (@text "set")))
  (func $cleared (param $count i64)
    (call $ok (@text "clear"))
    (call $equal (i64.load (i32.const 8)) (local.get $count) (@text "keys that were cleared")))
  (func $case
    (call $put (@text "a/1"))
    (call $put (@text "a/2"))
    (call $put (@text "a"))
    (call $put (@text "b"))
    (call $clear (@text "a/") (i32.const 0))
    (call $cleared (i64.const 2))
    (call $clear (@text "a/") (i32.const 0))
    (call $cleared (i64.const 0))
    (call $list (@text "") (i32.const 0))
    (call $number (i32.load (i32.const 8)) (i32.const 2) (@text "keys that are left"))
    (call $clear (@text "") (i32.const 0))
    (call $cleared (i64.const 2))
    (call $list (@text "") (i32.const 0))
    (call $number (i32.load (i32.const 8)) (i32.const 0) (@text "an empty prefix clears all"))))
