;;! interface = "net"
;;! with = "tcp"
;;! covers = ["bind-tcp", "connect-tcp", "tcp-listener.accept", "tcp-listener.local-addr", "tcp-stream.read", "tcp-stream.write", "tcp-stream.drop", "tcp-listener.drop"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;; Frames arrive whole and in order, an empty one included; no frame is `pending`, and a peer that has
;; gone is `closed`.
(module
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read" (func $read (param i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write" (func $write (param i32 i32 i32 i32)))
  (func $case
    (call $pair)
    (call $read (global.get $server) (i32.const 0))
    (call $ok (@text "read of nothing"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 2) (@text "nothing is pending"))
    (call $write (global.get $client) (@text "hello") (i32.const 0))
    (call $ok (@text "write"))
    (call $write (global.get $client) (i32.const 0) (i32.const 0) (i32.const 0))
    (call $ok (@text "write of nothing"))
    (call $read (global.get $server) (i32.const 0))
    (call $ok (@text "read"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "data"))
    (call $text (i32.load (i32.const 8)) (i32.load (i32.const 12)) (@text "hello") (@text "first"))
    (call $read (global.get $server) (i32.const 0))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "an empty frame is data"))
    (call $number (i32.load (i32.const 12)) (i32.const 0) (@text "of no bytes"))
    (call $drop-stream (global.get $client))
    (call $read (global.get $server) (i32.const 0))
    (call $ok (@text "read after the end"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 1) (@text "closed"))
    (call $drop-stream (global.get $server))
    (call $drop-listener (global.get $listener))))
