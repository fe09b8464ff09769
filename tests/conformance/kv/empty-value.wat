;;! interface = "kv"
;;! covers = ["kv-set", "kv-get"]
;; An empty value is a value: the key is there.
(module
  (import "astrid:kv/host@1.0.0" "kv-set" (func $set (param i32 i32 i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-get" (func $get (param i32 i32 i32)))
  (func $case
    (call $set (@text "empty") (i32.const 64) (i32.const 0) (i32.const 0))
    (call $ok (@text "set"))
    (call $get (@text "empty") (i32.const 0))
    (call $ok (@text "get"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 1) (@text "the key has a value"))
    (call $number (i32.load (i32.const 12)) (i32.const 0) (@text "the value has no bytes"))))
