;;! interface = "net"
;;! with = "tcp"
;;! covers = ["address-in-use", "tcp-listener.poll-accept", "tcp-listener.subscribe-readiness"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;; A listener is ready when somebody waits, `poll-accept` gives up in time, and an address is had once.
(module
  (import "astrid:net/host@1.0.0" "[method]tcp-listener.poll-accept"
    (func $poll-accept (param i32 i64 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-listener.subscribe-readiness"
    (func $listener-ready (param i32) (result i32)))
  (import "astrid:io/poll@1.0.0" "[method]pollable.ready" (func $ready (param i32) (result i32)))
  (import "astrid:io/poll@1.0.0" "[method]pollable.block" (func $block (param i32 i32)))
  (import "astrid:io/poll@1.0.0" "[resource-drop]pollable" (func $drop-pollable (param i32)))
  (func $case
    (local $listener i32) (local $ready i32)
    (local.set $listener (call $listen))
    (call $bind (@text "127.0.0.1") (call $port (local.get $listener)) (i32.const 0))
    (call $error (@error "address-in-use") (@text "the same address again"))
    (call $poll-accept (local.get $listener) (i64.const 1) (i32.const 0))
    (call $ok (@text "poll-accept"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "nobody came"))
    (local.set $ready (call $listener-ready (local.get $listener)))
    (call $number (call $ready (local.get $ready)) (i32.const 0) (@text "nobody waits"))
    (call $drop-stream (call $dial (local.get $listener)))
    (call $block (local.get $ready) (i32.const 0))
    (call $ok (@text "block"))
    (call $number (call $ready (local.get $ready)) (i32.const 1) (@text "somebody waits"))
    (call $poll-accept (local.get $listener) (i64.const 0) (i32.const 0))
    (call $ok (@text "poll-accept of somebody"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 1) (@text "somebody came"))
    (call $drop-stream (i32.load (i32.const 8)))
    (call $drop-pollable (local.get $ready))
    (call $drop-listener (local.get $listener))))
