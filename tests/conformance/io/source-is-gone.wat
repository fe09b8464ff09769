;;! interface = "io/poll"
;;! covers = ["pollable.ready", "pollable.block", "pollable.drop", "poll"]
;;! subscribe = ["a"]
;; A pollable may outlive what it was taken from: it is ready then, so that nobody waits for a
;; message that cannot come.
(module
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.subscribe-readiness"
    (func $readiness (param i32) (result i32)))
  (import "astrid:ipc/host@1.0.0" "[resource-drop]subscription" (func $drop-one (param i32)))
  (import "astrid:io/poll@1.0.0" "[resource-drop]pollable" (func $drop-other (param i32)))
  (import "astrid:io/poll@1.0.0" "poll" (func $poll (param i32 i32 i32)))
  (import "astrid:io/poll@1.0.0" "[method]pollable.ready"
    (func $ready (param i32) (result i32)))
  (import "astrid:io/poll@1.0.0" "[method]pollable.block" (func $block (param i32 i32)))
  (func $case
    (local $subscription i32)
    (local $pollable i32)
    (call $subscribe (@text "a") (i32.const 0))
    (local.set $subscription (i32.load (i32.const 4)))
    (local.set $pollable (call $readiness (local.get $subscription)))
    (call $number (call $ready (local.get $pollable)) (i32.const 0) (@text "nothing waits"))
    (call $drop-one (local.get $subscription))
    (call $number (call $ready (local.get $pollable)) (i32.const 1) (@text "the source is gone"))
    (call $block (local.get $pollable) (i32.const 0))
    (call $ok (@text "block"))
    (i32.store (i32.const 1024) (local.get $pollable))
    (call $poll (i32.const 1024) (i32.const 1) (i32.const 0))
    (call $ok (@text "poll"))
    (call $drop-other (local.get $pollable))))
