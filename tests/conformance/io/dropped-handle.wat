;;! interface = "io/poll"
;;! covers = ["pollable.drop"]
;;! subscribe = ["a"]
;;! expect = "trap host: unknown handle index 2"
;; Whoever uses a handle that it has dropped is stopped.
(module
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.subscribe-readiness"
    (func $readiness (param i32) (result i32)))
  (import "astrid:io/poll@1.0.0" "[resource-drop]pollable" (func $drop-other (param i32)))
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
    (call $drop-other (local.get $pollable))
    (drop (call $ready (local.get $pollable)))))
