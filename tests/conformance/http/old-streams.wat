;;! interface = "http@1.0.0"
;;! with = "http-1-0"
;;! covers = ["http-stream-start", "http-stream.status", "http-stream.headers", "http-stream.read-chunk", "http-stream.close", "http-stream.subscribe-readable", "http-stream.body-stream", "http-stream.drop", "closed", "quota"]
;;! fresh-only = "it leaves streams open"
;;! capabilities = { net = ["a.example"] }
;;! names = { "a.example" = ["93.184.216.34"] }
;;! [web]
;;! "http://a.example/" = ["HTTP/1.1 200 OK\r\nx: 1\r\ncontent-length: 5\r\n\r\nhello", { hold = true }]
;; Streams of version 1.0.0 are those of 1.1.0.
(module
  (import "astrid:http/host@1.0.0" "[method]http-stream.status"
    (func $status (param i32) (result i32)))
  (import "astrid:http/host@1.0.0" "[method]http-stream.headers" (func $headers (param i32 i32)))
  (import "astrid:http/host@1.0.0" "[method]http-stream.close" (func $close (param i32 i32)))
  (import "astrid:http/host@1.0.0" "[method]http-stream.subscribe-readable"
    (func $subscribe (param i32) (result i32)))
  (import "astrid:http/host@1.0.0" "[method]http-stream.body-stream"
    (func $body-stream (param i32) (result i32)))
  (import "astrid:io/poll@1.0.0" "[method]pollable.block" (func $block (param i32 i32)))
  (import "astrid:io/poll@1.0.0" "[resource-drop]pollable" (func $drop-pollable (param i32)))
  (import "astrid:io/streams@1.0.0" "[method]input-stream.blocking-read"
    (func $blocking-read (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[resource-drop]input-stream" (func $drop-input (param i32)))
  (func $piece (param $wanted i32) (param $wanted-bytes i32) (param $text i32) (param $bytes i32)
    (call $ok (local.get $text) (local.get $bytes))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8))
      (local.get $wanted) (local.get $wanted-bytes) (local.get $text) (local.get $bytes)))
  (func $open (result i32) (call $start (@text "http://a.example/")))
  (func $case (local $stream i32) (local $other i32)
    (local.set $stream (call $open))
    (call $ok (@text "a stream"))
    (call $number (call $status (local.get $stream)) (i32.const 200) (@text "its status"))
    (call $headers (local.get $stream) (i32.const 0))
    (call $number (i32.load (i32.const 4)) (i32.const 2) (@text "its headers"))
    (local.set $other (call $subscribe (local.get $stream)))
    (call $block (local.get $other) (i32.const 0))
    (call $ok (@text "a wait for the body"))
    (call $drop-pollable (local.get $other))
    (local.set $other (call $body-stream (local.get $stream)))
    (call $blocking-read (local.get $other) (i64.const 2) (i32.const 0))
    (call $piece (@text "he") (@text "through the stream"))
    (call $drop-input (local.get $other))
    (call $read-chunk (local.get $stream) (i32.const 0))
    (call $piece (@text "llo") (@text "through a call"))
    (call $read-chunk (local.get $stream) (i32.const 0))
    (call $piece (@text "") (@text "the end"))
    (call $close (local.get $stream) (i32.const 0))
    (call $ok (@text "close"))
    (call $read-chunk (local.get $stream) (i32.const 0))
    (call $error (@error "closed") (@text "reading what is closed"))
    (call $drop-stream (local.get $stream))
    (local.set $stream (call $open))
    (local.set $other (call $open))
    (drop (call $open))
    (drop (call $open))
    (call $ok (@text "the fourth"))
    (drop (call $open))
    (call $error (@error "quota") (@text "the fifth"))
    (call $drop-stream (local.get $stream))
    (call $drop-stream (local.get $other))))
