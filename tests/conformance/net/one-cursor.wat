;;! interface = "net"
;;! with = "tcp"
;;! covers = ["tcp-stream.read-stream", "tcp-stream.write-stream"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;; Frames, bytes and streams of a connection share one position in each direction.
(module
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read" (func $read (param i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read-bytes"
    (func $read-bytes (param i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write-bytes"
    (func $write-bytes (param i32 i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read-stream"
    (func $read-stream (param i32) (result i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write-stream"
    (func $write-stream (param i32) (result i32)))
  (import "astrid:io/streams@1.0.0" "[method]input-stream.blocking-read"
    (func $in-blocking-read (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[resource-drop]input-stream" (func $drop-in (param i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.write"
    (func $out-write (param i32 i32 i32 i32)))
  (import "astrid:io/streams@1.0.0" "[resource-drop]output-stream" (func $drop-out (param i32)))
  (func $case
    (local $in i32) (local $out i32)
    (call $pair)
    (local.set $in (call $read-stream (global.get $server)))
    (local.set $out (call $write-stream (global.get $client)))
    (call $out-write (local.get $out) (@text "\00\00") (i32.const 0))
    (call $ok (@text "write by stream"))
    (call $write-bytes (global.get $client) (@text "\00\01xyz") (i32.const 0))
    (call $ok (@text "write by bytes"))
    (call $read (global.get $server) (i32.const 0))
    (call $ok (@text "read a frame"))
    (call $text (i32.load (i32.const 8)) (i32.load (i32.const 12)) (@text "x") (@text "the frame"))
    (call $in-blocking-read (local.get $in) (i64.const 1) (i32.const 0))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "y") (@text "by stream"))
    (call $read-bytes (global.get $server) (i32.const 9) (i32.const 0))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "z") (@text "by bytes"))
    (call $drop-in (local.get $in))
    (call $drop-out (local.get $out))
    (call $drop-stream (global.get $client))
    (call $drop-stream (global.get $server))
    (call $drop-listener (global.get $listener))))
