;;! interface = "kv"
;;! covers = ["kv-get", "kv-set"]
;; A value belongs to the capsule and not to an instance: a counter in the store and one in memory
;; agree as long as there is one instance, and the store never counts for somebody else.
(module
  (import "astrid:kv/host@1.0.0" "kv-get" (func $get (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-set" (func $set (param i32 i32 i32 i32 i32)))
  (global $calls (mut i32) (i32.const 0))
  (func $case
    (call $get (@text "calls") (i32.const 0))
    (call $ok (@text "get"))
    (call $number (i32.load8_u (i32.const 4)) (i32.ne (global.get $calls) (i32.const 0))
      (@text "the store knows of earlier calls exactly when there were some"))
    (if (i32.load8_u (i32.const 4))
      (then (call $number (i32.load8_u (i32.load (i32.const 8))) (global.get $calls)
        (@text "calls in the store"))))
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (i32.store8 (i32.const 256) (global.get $calls))
    (call $set (@text "calls") (i32.const 256) (i32.const 1) (i32.const 0))
    (call $ok (@text "set"))))
