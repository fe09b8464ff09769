;;! interface = "io/error"
;;! with = "tcp"
;;! covers = ["error.to-debug-string", "error.drop"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;; A failure is told once, with an error to ask about it; afterwards the stream is `closed`.
(module
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write-bytes"
    (func $write-bytes (param i32 i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.set-linger"
    (func $set-linger (param i32 i32 i64 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read-stream"
    (func $read-stream (param i32) (result i32)))
  (import "astrid:io/streams@1.0.0" "[method]input-stream.blocking-read"
    (func $in-blocking-read (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[resource-drop]input-stream" (func $drop-in (param i32)))
  (import "astrid:io/error@1.0.0" "[method]error.to-debug-string" (func $debug (param i32 i32)))
  (import "astrid:io/error@1.0.0" "[resource-drop]error" (func $drop-error (param i32)))
  (func $case
    (local $in i32) (local $error i32)
    (call $pair)
    (local.set $in (call $read-stream (global.get $client)))
    (call $write-bytes (global.get $client) (@text "unread") (i32.const 0))
    (call $set-linger (global.get $server) (i32.const 1) (i64.const 0) (i32.const 0))
    (call $drop-stream (global.get $server))
    (call $in-blocking-read (local.get $in) (i64.const 1) (i32.const 0))
    (call $error (i32.const 0) (@text "a reset"))
    (local.set $error (i32.load (i32.const 8)))
    (call $debug (local.get $error) (i32.const 0))
    (call $check (i32.load (i32.const 4)) (@text "a text about it"))
    (call $drop-error (local.get $error))
    (call $in-blocking-read (local.get $in) (i64.const 1) (i32.const 0))
    (call $error (i32.const 1) (@text "afterwards"))
    (call $drop-in (local.get $in))
    (call $drop-stream (global.get $client))
    (call $drop-listener (global.get $listener))))
