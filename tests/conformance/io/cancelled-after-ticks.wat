;;! interface = "io/poll"
;;! covers = ["poll", "cancelled"]
;;! subscribe = ["a"]
;;! parked = [{ ticks = 3 }, { cancel = true }]
;; However long a capsule has waited when it is unloaded, it gets its answer and time to act on it.
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
  (func $case
    (i32.store (i32.const 1024) (call $open (@text "a")))
    (call $log (i32.const 0) (@text "parked"))
    (call $poll (i32.const 1024) (i32.const 1) (i32.const 0))
    (call $error (@error "cancelled") (@text "poll"))))
