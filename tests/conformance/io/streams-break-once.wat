;;! interface = "io/streams"
;;! with = "tcp"
;;! covers = ["output-stream.check-write", "output-stream.blocking-write-and-flush", "last-operation-failed"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;;! fresh-only = "what it opens stays open"
;; Writing to a peer that is gone fails once, with an error that tells why, and is `closed` afterwards.
(module
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write-stream"
    (func $write-stream (param i32) (result i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.set-linger"
    (func $set-linger (param i32 i32 i64 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read-stream"
    (func $read-stream (param i32) (result i32)))
  (import "astrid:io/streams@1.0.0" "[method]input-stream.blocking-read"
    (func $in-blocking-read (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.check-write"
    (func $check-write (param i32 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.write"
    (func $write (param i32 i32 i32 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.flush" (func $flush (param i32 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.blocking-write-and-flush"
    (func $write-and-flush (param i32 i32 i32 i32)))
  (import "astrid:io/error@1.0.0" "[method]error.to-debug-string" (func $debug (param i32 i32)))
  (func $case
    (local $out i32)
    (call $pair)
    (local.set $out (call $write-stream (global.get $client)))
    (call $set-linger (global.get $server) (i32.const 1) (i64.const 0) (i32.const 0))
    (call $drop-stream (global.get $server))
    ;; The reset has come once reading tells of it.
    (call $in-blocking-read (call $read-stream (global.get $client)) (i64.const 1) (i32.const 0))
    (call $write-and-flush (local.get $out) (@text "x") (i32.const 0))
    (call $error (i32.const 0) (@text "the first write"))
    (call $debug (i32.load (i32.const 8)) (i32.const 16))
    (call $check (i32.load (i32.const 20)) (@text "a text about it"))
    (call $write-and-flush (local.get $out) (@text "x") (i32.const 0))
    (call $error (i32.const 1) (@text "the next write"))
    (call $check-write (local.get $out) (i32.const 0))
    (call $error-8 (i32.const 1) (@text "check-write"))
    (call $write (local.get $out) (@text "x") (i32.const 0))
    (call $error (i32.const 1) (@text "write"))
    (call $flush (local.get $out) (i32.const 0))
    (call $error (i32.const 1) (@text "flush"))))
