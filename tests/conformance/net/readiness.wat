;;! interface = "net"
;;! with = "tcp"
;;! covers = ["tcp-stream.subscribe-readable"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;; A connection is ready when there are bytes, no longer when they have been read, and again at its end.
(module
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read-bytes"
    (func $read-bytes (param i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write-bytes"
    (func $write-bytes (param i32 i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.subscribe-readable"
    (func $readable (param i32) (result i32)))
  (import "astrid:io/poll@1.0.0" "[method]pollable.ready" (func $ready (param i32) (result i32)))
  (import "astrid:io/poll@1.0.0" "[method]pollable.block" (func $block (param i32 i32)))
  (import "astrid:io/poll@1.0.0" "[resource-drop]pollable" (func $drop-pollable (param i32)))
  (func $case
    (local $ready i32)
    (call $pair)
    (local.set $ready (call $readable (global.get $server)))
    (call $number (call $ready (local.get $ready)) (i32.const 0) (@text "at first"))
    (call $write-bytes (global.get $client) (@text "x") (i32.const 0))
    (call $block (local.get $ready) (i32.const 0))
    (call $ok (@text "block"))
    (call $number (call $ready (local.get $ready)) (i32.const 1) (@text "with a byte"))
    (call $read-bytes (global.get $server) (i32.const 9) (i32.const 0))
    (call $number (call $ready (local.get $ready)) (i32.const 0) (@text "after it was read"))
    (call $drop-stream (global.get $client))
    (call $block (local.get $ready) (i32.const 0))
    (call $number (call $ready (local.get $ready)) (i32.const 1) (@text "at the end"))
    (call $drop-pollable (local.get $ready))
    (call $drop-stream (global.get $server))
    (call $drop-listener (global.get $listener))))
