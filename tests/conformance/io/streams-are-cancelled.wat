;;! interface = "io/streams"
;;! with = "tcp"
;;! covers = []
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;;! parked = [{ cancel = true }]
;;! fresh-only = "what it opens stays open"
;; Everything is `closed` to a call that is ended from outside, also in the middle of a wait.
(module
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read-stream"
    (func $read-stream (param i32) (result i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write-stream"
    (func $write-stream (param i32) (result i32)))
  (import "astrid:io/streams@1.0.0" "[method]input-stream.read" (func $in-read (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]input-stream.blocking-read"
    (func $in-blocking-read (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.check-write"
    (func $check-write (param i32 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.blocking-write-and-flush"
    (func $write-and-flush (param i32 i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $case
    (local $in i32) (local $out i32)
    (call $pair)
    (local.set $in (call $read-stream (global.get $server)))
    (local.set $out (call $write-stream (global.get $client)))
    (call $log (i32.const 0) (@text "parked"))
    (call $in-blocking-read (local.get $in) (i64.const 1) (i32.const 0))
    (call $error (i32.const 1) (@text "blocking-read"))
    (call $in-read (local.get $in) (i64.const 1) (i32.const 0))
    (call $error (i32.const 1) (@text "read"))
    (call $check-write (local.get $out) (i32.const 0))
    (call $error-8 (i32.const 1) (@text "check-write"))
    (call $write-and-flush (local.get $out) (@text "x") (i32.const 0))
    (call $error (i32.const 1) (@text "blocking-write-and-flush"))))
