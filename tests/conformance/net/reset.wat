;;! interface = "net"
;;! with = "tcp"
;;! covers = ["connection-reset"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;; A peer that throws away what it was sent is a reset to whoever writes frames, and the end to whoever
;; reads.
(module
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write" (func $write (param i32 i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read-bytes"
    (func $read-bytes (param i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write-bytes"
    (func $write-bytes (param i32 i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.set-linger"
    (func $set-linger (param i32 i32 i64 i32)))
  (func $case
    (local $tries i32)
    (call $pair)
    (call $write-bytes (global.get $client) (@text "unread") (i32.const 0))
    (call $set-linger (global.get $server) (i32.const 1) (i64.const 0) (i32.const 0))
    (call $drop-stream (global.get $server))
    (call $read-bytes (global.get $client) (i32.const 1) (i32.const 0))
    (call $ok (@text "read of a reset connection"))
    (call $number (i32.load (i32.const 8)) (i32.const 0) (@text "is the end"))
    (call $write (global.get $client) (@text "more") (i32.const 0))
    (call $error (@error "connection-reset") (@text "write"))
    (call $drop-stream (global.get $client))
    (call $drop-listener (global.get $listener))))
