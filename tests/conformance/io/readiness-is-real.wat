;;! interface = "io/poll"
;;! covers = ["pollable.ready", "poll"]
;;! publish = ["a", "b"]
;;! subscribe = ["a"]
;; A pollable is ready for exactly as long as a message waits, however often it is asked, and asking
;; takes nothing away.
(module
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.subscribe-readiness"
    (func $readiness (param i32) (result i32)))
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.poll" (func $take (param i32 i32)))
  (import "astrid:io/poll@1.0.0" "poll" (func $poll (param i32 i32 i32)))
  (import "astrid:io/poll@1.0.0" "[method]pollable.ready"
    (func $ready (param i32) (result i32)))
  (func $send (param $topic i32) (param $bytes i32)
    (call $publish (local.get $topic) (local.get $bytes) (@text "1") (i32.const 0))
    (call $ok (@text "publish")))
  (func $case
    (local $subscription i32)
    (local $pollable i32)
    (call $subscribe (@text "a") (i32.const 0))
    (local.set $subscription (i32.load (i32.const 4)))
    (local.set $pollable (call $readiness (local.get $subscription)))
    (call $number (call $ready (local.get $pollable)) (i32.const 0) (@text "nothing waits"))
    (call $send (@text "b"))
    (call $number (call $ready (local.get $pollable)) (i32.const 0) (@text "nothing for it waits"))
    (call $send (@text "a"))
    (call $number (call $ready (local.get $pollable)) (i32.const 1) (@text "a message waits"))
    (call $number (call $ready (local.get $pollable)) (i32.const 1) (@text "it waits still"))
    (i32.store (i32.const 1024) (local.get $pollable))
    (call $poll (i32.const 1024) (i32.const 1) (i32.const 0))
    (call $ok (@text "poll"))
    (call $number (call $ready (local.get $pollable)) (i32.const 1) (@text "poll takes nothing"))
    (call $take (local.get $subscription) (i32.const 0))
    (call $number (i32.load (i32.const 12)) (i32.const 1) (@text "messages"))
    (call $number (call $ready (local.get $pollable)) (i32.const 0) (@text "it was taken"))
    (call $send (@text "a"))
    (call $number (call $ready (local.get $pollable)) (i32.const 1) (@text "the next one waits"))))
