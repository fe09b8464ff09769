;;! interface = "io/poll"
;;! covers = ["poll"]
;;! publish = ["a", "b", "c"]
;;! subscribe = ["a", "b", "c"]
;; The indices of all that are ready come back ascending, in whatever order the handles were made and
;; messages came, and a pollable that is listed twice is reported twice.
(module
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.subscribe-readiness"
    (func $readiness (param i32) (result i32)))
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:io/poll@1.0.0" "poll" (func $poll (param i32 i32 i32)))
  ;; Subscribes, and gives the pollable.
  (func $open (param $topic i32) (param $bytes i32) (result i32)
    (call $subscribe (local.get $topic) (local.get $bytes) (i32.const 0))
    (call $ok (@text "subscribe"))
    (call $readiness (i32.load (i32.const 4))))
  (func $send (param $topic i32) (param $bytes i32)
    (call $publish (local.get $topic) (local.get $bytes) (@text "1") (i32.const 0))
    (call $ok (@text "publish")))
  (func $index (param $at i32) (param $wanted i32)
    (call $number
      (i32.load (i32.add (i32.load (i32.const 4)) (i32.mul (local.get $at) (i32.const 4))))
      (local.get $wanted) (@text "an index")))
  (func $case
    (local $a i32)
    (local $b i32)
    (local $c i32)
    (local.set $a (call $open (@text "a")))
    (local.set $b (call $open (@text "b")))
    (local.set $c (call $open (@text "c")))
    (call $send (@text "a"))
    (call $send (@text "c"))
    (i32.store (i32.const 1024) (local.get $c))
    (i32.store (i32.const 1028) (local.get $b))
    (i32.store (i32.const 1032) (local.get $a))
    (i32.store (i32.const 1036) (local.get $b))
    (i32.store (i32.const 1040) (local.get $c))
    (call $poll (i32.const 1024) (i32.const 5) (i32.const 0))
    (call $ok (@text "poll"))
    (call $number (i32.load (i32.const 8)) (i32.const 3) (@text "indices"))
    (call $index (i32.const 0) (i32.const 0))
    (call $index (i32.const 1) (i32.const 2))
    (call $index (i32.const 2) (i32.const 4))))
