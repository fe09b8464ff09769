;;! interface = "io/streams"
;;! with = "tcp"
;;! covers = ["input-stream.read", "input-stream.skip", "output-stream.write", "output-stream.write-zeroes", "output-stream.blocking-write-and-flush", "output-stream.blocking-write-zeroes-and-flush", "output-stream.splice"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;;! fresh-only = "what it opens stays open"
;; No bytes can be read, skipped, written and passed on at any time; what is there stays there.
(module
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write-stream"
    (func $write-stream (param i32) (result i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read-stream"
    (func $read-stream (param i32) (result i32)))
  (import "astrid:io/streams@1.0.0" "[method]input-stream.read" (func $in-read (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]input-stream.blocking-read"
    (func $in-blocking-read (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]input-stream.skip" (func $in-skip (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.write"
    (func $write (param i32 i32 i32 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.write-zeroes"
    (func $write-zeroes (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.blocking-write-and-flush"
    (func $write-and-flush (param i32 i32 i32 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.blocking-write-zeroes-and-flush"
    (func $zeroes-and-flush (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.splice"
    (func $splice (param i32 i32 i64 i32)))
  (func $case
    (local $in i32) (local $out i32)
    (call $pair)
    (local.set $in (call $read-stream (global.get $server)))
    (local.set $out (call $write-stream (global.get $client)))
    (call $write (local.get $out) (i32.const 0) (i32.const 0) (i32.const 0))
    (call $ok (@text "write"))
    (call $write-zeroes (local.get $out) (i64.const 0) (i32.const 0))
    (call $ok (@text "write-zeroes"))
    (call $write-and-flush (local.get $out) (i32.const 0) (i32.const 0) (i32.const 0))
    (call $ok (@text "blocking-write-and-flush"))
    (call $zeroes-and-flush (local.get $out) (i64.const 0) (i32.const 0))
    (call $ok (@text "blocking-write-zeroes-and-flush"))
    (call $in-read (local.get $in) (i64.const 9) (i32.const 0))
    (call $number (i32.load (i32.const 8)) (i32.const 0) (@text "bytes that arrived"))
    (call $write-and-flush (local.get $out) (@text "ab") (i32.const 0))
    (call $in-blocking-read (local.get $in) (i64.const 1) (i32.const 0))
    (call $ok (@text "blocking-read"))
    (call $in-read (local.get $in) (i64.const 0) (i32.const 0))
    (call $ok (@text "read"))
    (call $number (i32.load (i32.const 8)) (i32.const 0) (@text "bytes of no bytes"))
    (call $in-skip (local.get $in) (i64.const 0) (i32.const 0))
    (call $ok (@text "skip"))
    (call $equal (i64.load (i32.const 8)) (i64.const 0) (@text "skipped"))
    (call $splice (local.get $out) (local.get $in) (i64.const 0) (i32.const 0))
    (call $ok (@text "splice"))
    (call $equal (i64.load (i32.const 8)) (i64.const 0) (@text "spliced"))
    (call $in-read (local.get $in) (i64.const 9) (i32.const 0))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "b") (@text "the rest"))))
