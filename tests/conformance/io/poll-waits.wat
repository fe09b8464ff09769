;;! interface = "io/poll"
;;! covers = ["poll"]
;;! subscribe = ["a", "b"]
;;! parked = [{ publish = { topic = "b", payload = "1" } }]
;; `poll` waits until one of its pollables is ready, and names that one.
(module
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.subscribe-readiness"
    (func $readiness (param i32) (result i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (import "astrid:io/poll@1.0.0" "poll" (func $poll (param i32 i32 i32)))
  ;; Subscribes, and gives the pollable.
  (func $open (param $topic i32) (param $bytes i32) (result i32)
    (call $subscribe (local.get $topic) (local.get $bytes) (i32.const 0))
    (call $ok (@text "subscribe"))
    (call $readiness (i32.load (i32.const 4))))
  (func $index (param $at i32) (param $wanted i32)
    (call $number
      (i32.load (i32.add (i32.load (i32.const 4)) (i32.mul (local.get $at) (i32.const 4))))
      (local.get $wanted) (@text "an index")))
  (func $case
    (i32.store (i32.const 1024) (call $open (@text "a")))
    (i32.store (i32.const 1028) (call $open (@text "b")))
    (call $log (i32.const 0) (@text "parked"))
    (call $poll (i32.const 1024) (i32.const 2) (i32.const 0))
    (call $ok (@text "poll"))
    (call $number (i32.load (i32.const 8)) (i32.const 1) (@text "indices"))
    (call $index (i32.const 0) (i32.const 1))))
