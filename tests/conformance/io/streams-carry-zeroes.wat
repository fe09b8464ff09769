;;! interface = "io/streams"
;;! with = "tcp"
;;! covers = ["output-stream.write-zeroes", "output-stream.blocking-write-zeroes-and-flush"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;;! fresh-only = "what it opens stays open"
;; Zeroes are bytes of the value zero, in their place among the others.
(module
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read-stream"
    (func $read-stream (param i32) (result i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write-stream"
    (func $write-stream (param i32) (result i32)))
  (import "astrid:io/streams@1.0.0" "[method]input-stream.blocking-read"
    (func $in-blocking-read (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.write-zeroes"
    (func $write-zeroes (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.blocking-write-zeroes-and-flush"
    (func $zeroes-and-flush (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.blocking-write-and-flush"
    (func $write-and-flush (param i32 i32 i32 i32)))
  (func $case
    (local $in i32) (local $out i32) (local $bytes i32)
    (call $pair)
    (local.set $in (call $read-stream (global.get $server)))
    (local.set $out (call $write-stream (global.get $client)))
    (call $write-zeroes (local.get $out) (i64.const 3) (i32.const 0))
    (call $ok (@text "write-zeroes"))
    (call $zeroes-and-flush (local.get $out) (i64.const 2) (i32.const 0))
    (call $ok (@text "blocking-write-zeroes-and-flush"))
    (call $write-and-flush (local.get $out) (@text "end") (i32.const 0))
    (call $ok (@text "blocking-write-and-flush"))
    (loop $more
      (call $in-blocking-read (local.get $in) (i64.const 8) (i32.const 0))
      (call $ok (@text "blocking-read"))
      (memory.copy (i32.add (i32.const 1024) (local.get $bytes)) (i32.load (i32.const 4))
        (i32.load (i32.const 8)))
      (local.set $bytes (i32.add (local.get $bytes) (i32.load (i32.const 8))))
      (br_if $more (i32.and (i32.eqz (i32.load8_u (i32.const 0)))
        (i32.lt_u (local.get $bytes) (i32.const 8)))))
    (call $text (i32.const 1024) (local.get $bytes) (@text "\00\00\00\00\00end") (@text "what arrives"))))
