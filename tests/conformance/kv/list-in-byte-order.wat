;;! interface = "kv"
;;! covers = ["kv-list-keys"]
;; A list has the keys that start with the prefix, in the order of their bytes; an empty prefix means
;; every key.
(module
  (import "astrid:kv/host@1.0.0" "kv-set" (func $set (param i32 i32 i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-list-keys" (func $list (param i32 i32 i32)))
  (func $put (param $key i32) (param $bytes i32)
    (call $set (local.get $key) (local.get $bytes) (@text "v") (i32.const 0))
    (call $ok (@text "set")))
  (func $key (param $index i32) (param $wanted i32) (param $bytes i32)
    (local $at i32)
    (local.set $at
      (i32.add (i32.load (i32.const 4)) (i32.mul (local.get $index) (i32.const 8))))
    (call $text (i32.load (local.get $at)) (i32.load offset=4 (local.get $at))
      (local.get $wanted) (local.get $bytes) (@text "a key in its place")))
  (func $case
    (call $put (@text "fruit/pear"))
    (call $put (@text "fruit"))
    (call $put (@text "fruit/\u{e4}pfel"))
    (call $put (@text "fruit/Pear"))
    (call $put (@text "bread"))
    (call $list (@text "fruit/") (i32.const 0))
    (call $ok (@text "list"))
    (call $number (i32.load (i32.const 8)) (i32.const 3) (@text "keys with the prefix"))
    (call $key (i32.const 0) (@text "fruit/Pear"))
    (call $key (i32.const 1) (@text "fruit/pear"))
    (call $key (i32.const 2) (@text "fruit/\u{e4}pfel"))
    (call $list (@text "") (i32.const 0))
    (call $number (i32.load (i32.const 8)) (i32.const 5) (@text "all keys"))
    (call $key (i32.const 0) (@text "bread"))
    (call $key (i32.const 1) (@text "fruit"))
    (call $list (@text "vegetable") (i32.const 0))
    (call $ok (@text "list of nothing"))
    (call $number (i32.load (i32.const 8)) (i32.const 0) (@text "no key has the prefix"))))
