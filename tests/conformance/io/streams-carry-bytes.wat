;;! interface = "io/streams"
;;! with = "tcp"
;;! covers = ["input-stream.read", "input-stream.blocking-read", "input-stream.skip", "input-stream.blocking-skip", "input-stream.drop", "output-stream.check-write", "output-stream.write", "output-stream.flush", "output-stream.drop", "closed"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;; What is written comes out at the other end, in order; an empty list is nothing yet, and `closed` the
;; end.
(module
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.shutdown"
    (func $shutdown (param i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read-stream"
    (func $read-stream (param i32) (result i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write-stream"
    (func $write-stream (param i32) (result i32)))
  (import "astrid:io/streams@1.0.0" "[method]input-stream.read" (func $in-read (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]input-stream.blocking-read"
    (func $in-blocking-read (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]input-stream.skip" (func $in-skip (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]input-stream.blocking-skip"
    (func $in-blocking-skip (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[resource-drop]input-stream" (func $drop-in (param i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.check-write"
    (func $check-write (param i32 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.write"
    (func $out-write (param i32 i32 i32 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.flush" (func $flush (param i32 i32)))
  (import "astrid:io/streams@1.0.0" "[resource-drop]output-stream" (func $drop-out (param i32)))
  (func $case
    (local $in i32) (local $out i32)
    (call $pair)
    (local.set $in (call $read-stream (global.get $server)))
    (local.set $out (call $write-stream (global.get $client)))
    (call $in-read (local.get $in) (i64.const 5) (i32.const 0))
    (call $ok (@text "read of nothing"))
    (call $number (i32.load (i32.const 8)) (i32.const 0) (@text "nothing yet"))
    (call $check-write (local.get $out) (i32.const 0))
    (call $ok (@text "check-write"))
    (call $check (i64.gt_u (i64.load (i32.const 8)) (i64.const 4096)) (@text "there is room"))
    (call $out-write (local.get $out) (@text "abcdefgh") (i32.const 0))
    (call $ok (@text "write"))
    (call $flush (local.get $out) (i32.const 0))
    (call $ok (@text "flush"))
    (call $in-blocking-read (local.get $in) (i64.const 0) (i32.const 0))
    (call $ok (@text "a wait for bytes"))
    (call $number (i32.load (i32.const 8)) (i32.const 0) (@text "takes none"))
    (call $in-blocking-read (local.get $in) (i64.const 2) (i32.const 0))
    (call $ok (@text "blocking-read"))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "ab") (@text "first"))
    (call $in-read (local.get $in) (i64.const 1) (i32.const 0))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "c") (@text "second"))
    (call $in-skip (local.get $in) (i64.const 2) (i32.const 0))
    (call $ok (@text "skip"))
    (call $equal (i64.load (i32.const 8)) (i64.const 2) (@text "skipped"))
    (call $in-blocking-skip (local.get $in) (i64.const 1) (i32.const 0))
    (call $ok (@text "blocking-skip"))
    (call $equal (i64.load (i32.const 8)) (i64.const 1) (@text "skipped one"))
    (call $in-read (local.get $in) (i64.const -1) (i32.const 0))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "gh") (@text "the rest"))
    (call $drop-out (local.get $out))
    (call $shutdown (global.get $client) (i32.const 1) (i32.const 0))
    (call $in-blocking-read (local.get $in) (i64.const 1) (i32.const 0))
    (call $error (i32.const 1) (@text "the end"))
    (call $in-read (local.get $in) (i64.const 1) (i32.const 0))
    (call $error (i32.const 1) (@text "still the end"))
    (call $drop-in (local.get $in))
    (call $drop-stream (global.get $client))
    (call $drop-stream (global.get $server))
    (call $drop-listener (global.get $listener))))
