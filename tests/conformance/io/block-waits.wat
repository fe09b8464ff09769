;;! interface = "io/poll"
;;! covers = ["pollable.block", "pollable.ready"]
;;! subscribe = ["a"]
;;! parked = [{ publish = { topic = "a", payload = "1" } }]
;; `block` waits until a message comes, and returns at once while it is there.
(module
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.subscribe-readiness"
    (func $readiness (param i32) (result i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (import "astrid:io/poll@1.0.0" "[method]pollable.block" (func $block (param i32 i32)))
  (import "astrid:io/poll@1.0.0" "[method]pollable.ready"
    (func $ready (param i32) (result i32)))
  ;; Subscribes, and gives the pollable.
  (func $open (param $topic i32) (param $bytes i32) (result i32)
    (call $subscribe (local.get $topic) (local.get $bytes) (i32.const 0))
    (call $ok (@text "subscribe"))
    (call $readiness (i32.load (i32.const 4))))
  (func $case
    (local $pollable i32)
    (local.set $pollable (call $open (@text "a")))
    (call $number (call $ready (local.get $pollable)) (i32.const 0) (@text "nothing waits"))
    (call $log (i32.const 0) (@text "parked"))
    (call $block (local.get $pollable) (i32.const 0))
    (call $ok (@text "block"))
    (call $number (call $ready (local.get $pollable)) (i32.const 1) (@text "a message waits"))
    (call $block (local.get $pollable) (i32.const 0))
    (call $ok (@text "block while it is ready"))))
