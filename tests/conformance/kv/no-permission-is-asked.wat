;;! interface = "kv"
;;! covers = []
;;! capabilities = { kv = ["other"] }
;;! fresh-only = "the key is found again"
;; Keys need no permission, and what a manifest says about them counts for nothing.
(module
  (import "astrid:kv/host@1.0.0" "kv-set" (func $set (param i32 i32 i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-get" (func $get (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-list-keys" (func $list (param i32 i32 i32)))
  (func $case
    (call $set (@text "mine") (@text "v") (i32.const 0))
    (call $ok (@text "set"))
    (call $get (@text "mine") (i32.const 0))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 1) (@text "get"))
    (call $list (@text "") (i32.const 0))
    (call $number (i32.load (i32.const 8)) (i32.const 1) (@text "keys"))))
