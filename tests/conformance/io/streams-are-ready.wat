;;! interface = "io/streams"
;;! with = "tcp"
;;! covers = ["input-stream.subscribe", "output-stream.subscribe"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;; Pollables of streams tell when there are bytes, when there is room, and that a stream is gone.
(module
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read-stream"
    (func $read-stream (param i32) (result i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write-stream"
    (func $write-stream (param i32) (result i32)))
  (import "astrid:io/streams@1.0.0" "[method]input-stream.read" (func $in-read (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]input-stream.subscribe"
    (func $in-subscribe (param i32) (result i32)))
  (import "astrid:io/streams@1.0.0" "[resource-drop]input-stream" (func $drop-in (param i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.blocking-write-and-flush"
    (func $write-and-flush (param i32 i32 i32 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.subscribe"
    (func $out-subscribe (param i32) (result i32)))
  (import "astrid:io/streams@1.0.0" "[resource-drop]output-stream" (func $drop-out (param i32)))
  (import "astrid:io/poll@1.0.0" "[method]pollable.ready" (func $ready (param i32) (result i32)))
  (import "astrid:io/poll@1.0.0" "[method]pollable.block" (func $block (param i32 i32)))
  (import "astrid:io/poll@1.0.0" "[resource-drop]pollable" (func $drop-pollable (param i32)))
  (func $case
    (local $in i32) (local $out i32) (local $bytes i32) (local $room i32)
    (call $pair)
    (local.set $in (call $read-stream (global.get $server)))
    (local.set $out (call $write-stream (global.get $client)))
    (local.set $bytes (call $in-subscribe (local.get $in)))
    (local.set $room (call $out-subscribe (local.get $out)))
    (call $number (call $ready (local.get $bytes)) (i32.const 0) (@text "no bytes"))
    (call $number (call $ready (local.get $room)) (i32.const 1) (@text "room"))
    (call $write-and-flush (local.get $out) (@text "x") (i32.const 0))
    (call $block (local.get $bytes) (i32.const 0))
    (call $ok (@text "block"))
    (call $in-read (local.get $in) (i64.const 1) (i32.const 0))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "x") (@text "the byte"))
    (call $number (call $ready (local.get $bytes)) (i32.const 0) (@text "no more bytes"))
    (call $drop-in (local.get $in))
    (call $drop-out (local.get $out))
    (call $drop-pollable (local.get $bytes))
    (call $drop-pollable (local.get $room))
    (call $drop-stream (global.get $client))
    (call $drop-stream (global.get $server))
    (call $drop-listener (global.get $listener))))
