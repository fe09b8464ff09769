;;! interface = "io/streams"
;;! with = "tcp"
;;! covers = ["input-stream.skip", "input-stream.blocking-skip", "output-stream.write", "output-stream.flush", "output-stream.blocking-flush", "output-stream.write-zeroes", "output-stream.blocking-write-zeroes-and-flush", "output-stream.splice", "output-stream.blocking-splice"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;;! now = [{ cancel = true }]
;;! fresh-only = "what it opens stays open"
;; To a call that was ended from outside everything about a stream is `closed`, whether there are bytes
;; and room or not; its pollables can be had, and are dropped like any handle.
(module
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write-stream"
    (func $write-stream (param i32) (result i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read-stream"
    (func $read-stream (param i32) (result i32)))
  (import "astrid:io/streams@1.0.0" "[method]input-stream.skip" (func $in-skip (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]input-stream.blocking-skip"
    (func $in-blocking-skip (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]input-stream.subscribe"
    (func $in-subscribe (param i32) (result i32)))
  (import "astrid:io/streams@1.0.0" "[resource-drop]input-stream" (func $drop-in (param i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.write"
    (func $write (param i32 i32 i32 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.flush" (func $flush (param i32 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.blocking-flush"
    (func $blocking-flush (param i32 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.write-zeroes"
    (func $write-zeroes (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.blocking-write-and-flush"
    (func $write-and-flush (param i32 i32 i32 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.blocking-write-zeroes-and-flush"
    (func $zeroes-and-flush (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.splice"
    (func $splice (param i32 i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.blocking-splice"
    (func $blocking-splice (param i32 i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[resource-drop]output-stream" (func $drop-out (param i32)))
  (import "astrid:io/poll@1.0.0" "[resource-drop]pollable" (func $drop-pollable (param i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $case
    (local $in i32) (local $out i32) (local $ready i32)
    (call $pair)
    (local.set $in (call $read-stream (global.get $server)))
    (local.set $out (call $write-stream (global.get $client)))
    (call $write-and-flush (local.get $out) (@text "abc") (i32.const 0))
    (call $ok (@text "three bytes"))
    (call $log (i32.const 0) (@text "now"))
    (call $in-skip (local.get $in) (i64.const 1) (i32.const 0))
    (call $error-8 (i32.const 1) (@text "skip"))
    (call $in-blocking-skip (local.get $in) (i64.const 1) (i32.const 0))
    (call $error-8 (i32.const 1) (@text "blocking-skip"))
    (call $write (local.get $out) (@text "x") (i32.const 0))
    (call $error (i32.const 1) (@text "write"))
    (call $write-zeroes (local.get $out) (i64.const 1) (i32.const 0))
    (call $error (i32.const 1) (@text "write-zeroes"))
    (call $flush (local.get $out) (i32.const 0))
    (call $error (i32.const 1) (@text "flush"))
    (call $blocking-flush (local.get $out) (i32.const 0))
    (call $error (i32.const 1) (@text "blocking-flush"))
    (call $zeroes-and-flush (local.get $out) (i64.const 1) (i32.const 0))
    (call $error (i32.const 1) (@text "blocking-write-zeroes-and-flush"))
    (call $splice (local.get $out) (local.get $in) (i64.const 1) (i32.const 0))
    (call $error-8 (i32.const 1) (@text "splice"))
    (call $blocking-splice (local.get $out) (local.get $in) (i64.const 1) (i32.const 0))
    (call $error-8 (i32.const 1) (@text "blocking-splice"))
    (local.set $ready (call $in-subscribe (local.get $in)))
    (call $drop-in (local.get $in))
    (call $drop-out (local.get $out))
    (call $drop-pollable (local.get $ready))))
