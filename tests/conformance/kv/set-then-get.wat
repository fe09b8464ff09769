;;! interface = "kv"
;;! covers = ["kv-set", "kv-get", "kv-delete"]
;; What was set last is what the next get returns; a key that was never set or was deleted is absent.
(module
  (import "astrid:kv/host@1.0.0" "kv-set" (func $set (param i32 i32 i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-get" (func $get (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-delete" (func $delete (param i32 i32 i32)))
  (func $case
    (call $get (@text "colour") (i32.const 0))
    (call $ok (@text "get of an absent key"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "an absent key has no value"))
    (call $set (@text "colour") (@text "red") (i32.const 0))
    (call $ok (@text "set"))
    (call $set (@text "colour") (@text "blue") (i32.const 0))
    (call $ok (@text "set again"))
    (call $get (@text "colour") (i32.const 0))
    (call $ok (@text "get"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 1) (@text "the key has a value"))
    (call $text (i32.load (i32.const 8)) (i32.load (i32.const 12)) (@text "blue")
      (@text "the last writer wins"))
    (call $delete (@text "colour") (i32.const 0))
    (call $ok (@text "delete"))
    (call $get (@text "colour") (i32.const 0))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "a deleted key is absent"))
    (call $delete (@text "colour") (i32.const 0))
    (call $ok (@text "delete of an absent key"))))
