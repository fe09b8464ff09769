;;! interface = "ipc"
;;! covers = ["subscribe", "subscription.drop", "invalid-input"]
;;! subscribe = ["a.*", "*", "*.*"]
;; A pattern is a topic whose last segment may be `*`, and whether it is one is asked before whether
;; it is allowed.
(module
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[resource-drop]subscription" (func $drop-one (param i32)))
  (func $bad (param $topic i32) (param $bytes i32)
    (call $subscribe (local.get $topic) (local.get $bytes) (i32.const 0))
    (call $error (@error "invalid-input") (local.get $topic) (local.get $bytes)))
  (func $good (param $topic i32) (param $bytes i32)
    (call $subscribe (local.get $topic) (local.get $bytes) (i32.const 0))
    (call $ok (local.get $topic) (local.get $bytes))
    (call $drop-one (i32.load (i32.const 4))))
  (func $case
    (local $long i32)
    (call $bad (@text ""))
    (call $bad (@text ".a"))
    (call $bad (@text "a."))
    (call $bad (@text "a..*"))
    (call $bad (@text "a.b*"))
    (call $bad (@text "a.*b"))
    (call $bad (@text "*.a"))
    (call $bad (@text "a.*.c"))
    (call $bad (@text "a.*.*"))
    (call $bad (@text "*.*"))
    (call $bad (@text "a\t"))
    (call $bad (@text "a.b.c.d.e.f.g.h.*"))
    (local.set $long (call $room (i32.const 257) (i32.const 97)))
    (call $bad (local.get $long) (i32.const 257))
    (call $good (local.get $long) (i32.const 256))
    (call $good (@text "a.b.c.d.e.f.g.*"))
    (call $good (@text "*"))
    (call $good (@text "a.*"))))
