;;! interface = "ipc"
;;! covers = ["publish", "invalid-input"]
;;! publish = ["*", "*.*"]
;; A topic is one to eight segments in at most 256 bytes, none empty and without control characters; a
;; `*` in it is a letter.
(module
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (func $bad (param $topic i32) (param $bytes i32)
    (call $publish (local.get $topic) (local.get $bytes) (@text "1") (i32.const 0))
    (call $error (@error "invalid-input") (local.get $topic) (local.get $bytes)))
  (func $good (param $topic i32) (param $bytes i32)
    (call $publish (local.get $topic) (local.get $bytes) (@text "1") (i32.const 0))
    (call $ok (local.get $topic) (local.get $bytes)))
  (func $case
    (local $long i32)
    (call $bad (@text ""))
    (call $bad (@text "."))
    (call $bad (@text ".a"))
    (call $bad (@text "a."))
    (call $bad (@text "a..b"))
    (call $bad (@text "a\00"))
    (call $bad (@text "a.b\n"))
    (call $bad (@text "a.b.c.d.e.f.g.h.i"))
    (local.set $long (call $room (i32.const 257) (i32.const 97)))
    (call $bad (local.get $long) (i32.const 257))
    (call $good (local.get $long) (i32.const 256))
    (call $good (@text "a.b.c.d.e.f.g.h"))
    (call $good (@text "Upper_case.and-7"))
    (call $good (@text "a.*.c"))
    (call $good (@text "a.b*"))
    (call $good (@text "a"))))
