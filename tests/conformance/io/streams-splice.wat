;;! interface = "io/streams"
;;! with = "tcp"
;;! covers = ["output-stream.splice", "output-stream.blocking-splice"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;;! fresh-only = "what it opens stays open"
;; Splicing moves bytes from one stream into another and says how many.
(module
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read-stream"
    (func $read-stream (param i32) (result i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write-stream"
    (func $write-stream (param i32) (result i32)))
  (import "astrid:io/streams@1.0.0" "[method]input-stream.blocking-read"
    (func $in-blocking-read (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.blocking-write-and-flush"
    (func $write-and-flush (param i32 i32 i32 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.blocking-flush"
    (func $blocking-flush (param i32 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.splice"
    (func $splice (param i32 i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.blocking-splice"
    (func $blocking-splice (param i32 i32 i64 i32)))
  (func $case
    (local $in i32) (local $out i32) (local $back i32) (local $loop i32)
    (call $pair)
    (local.set $in (call $read-stream (global.get $server)))
    (local.set $out (call $write-stream (global.get $client)))
    (local.set $back (call $write-stream (global.get $server)))
    (local.set $loop (call $read-stream (global.get $client)))
    (call $splice (local.get $back) (local.get $in) (i64.const 9) (i32.const 0))
    (call $ok (@text "splice of nothing"))
    (call $equal (i64.load (i32.const 8)) (i64.const 0) (@text "nothing"))
    (call $write-and-flush (local.get $out) (@text "abcd") (i32.const 0))
    (call $blocking-splice (local.get $back) (local.get $in) (i64.const 3) (i32.const 0))
    (call $ok (@text "blocking-splice"))
    (call $equal (i64.load (i32.const 8)) (i64.const 3) (@text "three"))
    (call $splice (local.get $back) (local.get $in) (i64.const 3) (i32.const 0))
    (call $equal (i64.load (i32.const 8)) (i64.const 1) (@text "the last one"))
    (call $blocking-flush (local.get $back) (i32.const 0))
    (call $in-blocking-read (local.get $loop) (i64.const 3) (i32.const 0))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "abc") (@text "back again"))))
