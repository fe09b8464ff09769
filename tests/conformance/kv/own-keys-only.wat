;;! interface = "kv"
;;! covers = ["kv-get", "kv-list-keys", "kv-cas"]
;;! fresh-only = "the first call leaves a key for the second to find"
;; What the capsule stored for one principal does not exist for another.
(module
  (import "astrid:kv/host@1.0.0" "kv-get" (func $get (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-list-keys" (func $list (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-cas"
    (func $cas (param i32 i32 i32 i32 i32 i32 i32 i32)))
  (func $case
    (call $get (@text "diary") (i32.const 0))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "there is no diary yet"))
    (call $list (@text "") (i32.const 0))
    (call $number (i32.load (i32.const 8)) (i32.const 0) (@text "there is no key at all"))
    (call $cas (@text "diary") (i32.const 0) (i32.const 0) (i32.const 0) (@text "dear me")
      (i32.const 0))
    (call $ok (@text "the diary can be created"))))
