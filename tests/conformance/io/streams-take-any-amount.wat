;;! interface = "io/streams"
;;! with = "tcp"
;;! covers = ["output-stream.blocking-write-and-flush", "output-stream.blocking-flush", "output-stream.write-zeroes", "output-stream.blocking-write-zeroes-and-flush"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;; Blocking writes have no bound of their own, and zeroes are written like anything else.
(module
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read-stream"
    (func $read-stream (param i32) (result i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write-stream"
    (func $write-stream (param i32) (result i32)))
  (import "astrid:io/streams@1.0.0" "[method]input-stream.read" (func $in-read (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]input-stream.blocking-skip"
    (func $in-blocking-skip (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[resource-drop]input-stream" (func $drop-in (param i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.blocking-write-and-flush"
    (func $write-and-flush (param i32 i32 i32 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.blocking-flush"
    (func $blocking-flush (param i32 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.write-zeroes"
    (func $write-zeroes (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.blocking-write-zeroes-and-flush"
    (func $zeroes-and-flush (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[resource-drop]output-stream" (func $drop-out (param i32)))
  (func $case
    (local $in i32) (local $out i32) (local $left i64)
    (call $pair)
    (local.set $in (call $read-stream (global.get $server)))
    (local.set $out (call $write-stream (global.get $client)))
    (call $write-zeroes (local.get $out) (i64.const 5000) (i32.const 0))
    (call $ok (@text "write-zeroes"))
    (call $blocking-flush (local.get $out) (i32.const 0))
    (call $ok (@text "blocking-flush"))
    (call $write-and-flush (local.get $out) (call $room (i32.const 20000) (i32.const 7))
      (i32.const 20000) (i32.const 0))
    (call $ok (@text "blocking-write-and-flush"))
    (call $zeroes-and-flush (local.get $out) (i64.const 10001) (i32.const 0))
    (call $ok (@text "blocking-write-zeroes-and-flush"))
    (local.set $left (i64.const 35001))
    (loop $more
      (call $in-blocking-skip (local.get $in) (local.get $left) (i32.const 0))
      (call $ok (@text "blocking-skip"))
      (local.set $left (i64.sub (local.get $left) (i64.load (i32.const 8))))
      (br_if $more (i64.gt_s (local.get $left) (i64.const 0))))
    (call $equal (local.get $left) (i64.const 0) (@text "bytes that are missing"))
    (call $in-read (local.get $in) (i64.const 1) (i32.const 0))
    (call $number (i32.load (i32.const 8)) (i32.const 0) (@text "nothing more"))
    (call $drop-in (local.get $in))
    (call $drop-out (local.get $out))
    (call $drop-stream (global.get $client))
    (call $drop-stream (global.get $server))
    (call $drop-listener (global.get $listener))))
