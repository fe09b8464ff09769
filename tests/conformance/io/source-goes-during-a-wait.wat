;;! interface = "io/poll"
;;! covers = ["pollable.block"]
;;! subscribe = ["a"]
;;! parked = [{ close = true }]
;; A wait for messages ends when no message can come any more.
(module
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.subscribe-readiness"
    (func $readiness (param i32) (result i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (import "astrid:io/poll@1.0.0" "[method]pollable.block" (func $block (param i32 i32)))
  ;; Subscribes, and gives the pollable.
  (func $open (param $topic i32) (param $bytes i32) (result i32)
    (call $subscribe (local.get $topic) (local.get $bytes) (i32.const 0))
    (call $ok (@text "subscribe"))
    (call $readiness (i32.load (i32.const 4))))
  (func $case
    (local $pollable i32)
    (local.set $pollable (call $open (@text "a")))
    (call $log (i32.const 0) (@text "parked"))
    (call $block (local.get $pollable) (i32.const 0))
    (call $ok (@text "block"))))
