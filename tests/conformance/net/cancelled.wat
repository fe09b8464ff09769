;;! interface = "net"
;;! with = "tcp"
;;! covers = ["closed"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;;! parked = [{ cancel = true }]
;; A wait ends with `closed` when the call is ended from outside.
(module
  (import "astrid:net/host@1.0.0" "[method]tcp-listener.poll-accept"
    (func $poll-accept (param i32 i64 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read" (func $read (param i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read-bytes"
    (func $read-bytes (param i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $case
    (call $pair)
    (call $log (i32.const 0) (@text "parked"))
    (call $read-bytes (global.get $server) (i32.const 1) (i32.const 0))
    (call $error (@error "closed") (@text "a wait for bytes"))
    (call $accept (global.get $listener) (i32.const 0))
    (call $error (@error "closed") (@text "a wait for somebody"))
    (call $poll-accept (global.get $listener) (i64.const 60000) (i32.const 0))
    (call $ok (@text "a bounded wait for somebody"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "is nobody"))
    (call $read (global.get $server) (i32.const 0))
    (call $ok (@text "a wait for a frame"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 1) (@text "is the end"))
    (call $drop-stream (global.get $client))
    (call $drop-stream (global.get $server))
    (call $drop-listener (global.get $listener))))
