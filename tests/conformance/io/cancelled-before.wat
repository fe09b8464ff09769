;;! interface = "io/poll"
;;! covers = ["poll", "pollable.block", "cancelled"]
;;! publish = ["a"]
;;! subscribe = ["a"]
;;! now = [{ cancel = true }]
;; Once a capsule is being unloaded, waits end with `cancelled` even where something is ready.
(module
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.subscribe-readiness"
    (func $readiness (param i32) (result i32)))
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (import "astrid:io/poll@1.0.0" "poll" (func $poll (param i32 i32 i32)))
  (import "astrid:io/poll@1.0.0" "[method]pollable.block" (func $block (param i32 i32)))
  ;; Subscribes, and gives the pollable.
  (func $open (param $topic i32) (param $bytes i32) (result i32)
    (call $subscribe (local.get $topic) (local.get $bytes) (i32.const 0))
    (call $ok (@text "subscribe"))
    (call $readiness (i32.load (i32.const 4))))
  (func $send (param $topic i32) (param $bytes i32)
    (call $publish (local.get $topic) (local.get $bytes) (@text "1") (i32.const 0))
    (call $ok (@text "publish")))
  (func $case
    (local $pollable i32)
    (local.set $pollable (call $open (@text "a")))
    (call $send (@text "a"))
    (call $log (i32.const 0) (@text "now"))
    (i32.store (i32.const 1024) (local.get $pollable))
    (call $poll (i32.const 1024) (i32.const 1) (i32.const 0))
    (call $error (@error "cancelled") (@text "poll"))
    (call $block (local.get $pollable) (i32.const 0))
    (call $error (@error "cancelled") (@text "block"))))
