;;! interface = "net"
;;! with = "tcp"
;;! covers = ["tcp-stream.read-bytes", "tcp-stream.peek", "would-block"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;; Bytes are waited for as long as was said, and a frame for 50 ms, whatever was said.
(module
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read" (func $read (param i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read-bytes"
    (func $read-bytes (param i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.peek" (func $peek (param i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.set-read-timeout"
    (func $set-read-timeout (param i32 i32 i64 i32)))
  (import "astrid:sys/host@1.0.0" "clock-monotonic-ns" (func $clock (result i64)))
  (func $waited (param $start i64) (param $ns i64) (param $text i32) (param $bytes i32)
    (call $check (i64.ge_u (i64.sub (call $clock) (local.get $start)) (local.get $ns))
      (local.get $text) (local.get $bytes)))
  (func $case
    (local $start i64)
    (call $pair)
    (call $set-read-timeout (global.get $server) (i32.const 1) (i64.const 30) (i32.const 0))
    (call $ok (@text "set-read-timeout"))
    (local.set $start (call $clock))
    (call $read-bytes (global.get $server) (i32.const 9) (i32.const 0))
    (call $error (@error "would-block") (@text "read-bytes"))
    (call $waited (local.get $start) (i64.const 30000000) (@text "30 ms of read-bytes"))
    (local.set $start (call $clock))
    (call $peek (global.get $server) (i32.const 9) (i32.const 0))
    (call $error (@error "would-block") (@text "peek"))
    (call $waited (local.get $start) (i64.const 30000000) (@text "30 ms of peek"))
    (local.set $start (call $clock))
    (call $read (global.get $server) (i32.const 0))
    (call $ok (@text "read"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 2) (@text "is pending"))
    (call $waited (local.get $start) (i64.const 50000000) (@text "50 ms of read"))
    (call $drop-stream (global.get $client))
    (call $drop-stream (global.get $server))
    (call $drop-listener (global.get $listener))))
