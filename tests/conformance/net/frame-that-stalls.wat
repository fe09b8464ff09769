;;! interface = "net"
;;! with = "tcp"
;;! covers = ["tcp-stream.read", "unknown"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;;! fresh-only = "each time takes five seconds"
;;! default-only = "each time takes five seconds"
;; A frame whose rest does not come within five seconds is an error, neither pending nor the end.
(module
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read" (func $read (param i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write-bytes"
    (func $write-bytes (param i32 i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "clock-monotonic-ns" (func $clock (result i64)))
  (func $case
    (local $start i64)
    (call $pair)
    (call $write-bytes (global.get $client) (@text "\00\00\00\05ab") (i32.const 0))
    (call $ok (@text "a piece of a frame"))
    (local.set $start (call $clock))
    (call $read (global.get $server) (i32.const 0))
    (call $error (@error "unknown") (@text "the rest of it"))
    (call $check
      (i64.ge_u (i64.sub (call $clock) (local.get $start)) (i64.const 5000000000))
      (@text "it was waited for"))))
