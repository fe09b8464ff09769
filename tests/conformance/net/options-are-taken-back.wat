;;! interface = "net"
;;! with = "tcp"
;;! covers = ["tcp-stream.set-nodelay", "tcp-stream.set-read-timeout", "tcp-stream.set-write-timeout", "tcp-stream.set-keepalive", "tcp-stream.set-linger", "tcp-stream.set-reuseaddr"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;; An option that was set is as it was before once it is taken back; parts of a second of lingering are a
;; second, and none is none.
(module
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.set-nodelay"
    (func $set-nodelay (param i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.nodelay" (func $nodelay (param i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.set-read-timeout"
    (func $set-read-timeout (param i32 i32 i64 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read-timeout"
    (func $read-timeout (param i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.set-write-timeout"
    (func $set-write-timeout (param i32 i32 i64 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write-timeout"
    (func $write-timeout (param i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.set-keepalive"
    (func $set-keepalive (param i32 i32 i64 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.keepalive" (func $keepalive (param i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.set-linger"
    (func $set-linger (param i32 i32 i64 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.linger" (func $linger (param i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.set-reuseaddr"
    (func $set-reuseaddr (param i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.reuseaddr" (func $reuseaddr (param i32 i32)))
  (func $case
    (call $pair)
    (call $set-nodelay (global.get $client) (i32.const 1) (i32.const 0))
    (call $set-nodelay (global.get $client) (i32.const 0) (i32.const 0))
    (call $ok (@text "set-nodelay"))
    (call $nodelay (global.get $client) (i32.const 0))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "nodelay"))
    (call $set-reuseaddr (global.get $client) (i32.const 1) (i32.const 0))
    (call $set-reuseaddr (global.get $client) (i32.const 0) (i32.const 0))
    (call $ok (@text "set-reuseaddr"))
    (call $reuseaddr (global.get $client) (i32.const 0))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "reuseaddr"))
    (call $set-read-timeout (global.get $client) (i32.const 1) (i64.const 0) (i32.const 0))
    (call $read-timeout (global.get $client) (i32.const 0))
    (call $number (i32.load8_u (i32.const 8)) (i32.const 1) (@text "a read timeout of nothing is one"))
    (call $equal (i64.load (i32.const 16)) (i64.const 0) (@text "a read timeout of nothing"))
    (call $set-read-timeout (global.get $client) (i32.const 0) (i64.const 0) (i32.const 0))
    (call $ok (@text "set-read-timeout"))
    (call $read-timeout (global.get $client) (i32.const 0))
    (call $number (i32.load8_u (i32.const 8)) (i32.const 0) (@text "read timeout"))
    (call $set-write-timeout (global.get $client) (i32.const 1) (i64.const 9) (i32.const 0))
    (call $set-write-timeout (global.get $client) (i32.const 0) (i64.const 0) (i32.const 0))
    (call $ok (@text "set-write-timeout"))
    (call $write-timeout (global.get $client) (i32.const 0))
    (call $number (i32.load8_u (i32.const 8)) (i32.const 0) (@text "write timeout"))
    (call $set-keepalive (global.get $client) (i32.const 1) (i64.const 60) (i32.const 0))
    (call $set-keepalive (global.get $client) (i32.const 0) (i64.const 0) (i32.const 0))
    (call $ok (@text "set-keepalive"))
    (call $keepalive (global.get $client) (i32.const 0))
    (call $number (i32.load8_u (i32.const 8)) (i32.const 0) (@text "keepalive"))
    (call $set-linger (global.get $client) (i32.const 1) (i64.const 500) (i32.const 0))
    (call $linger (global.get $client) (i32.const 0))
    (call $equal (i64.load (i32.const 16)) (i64.const 1000) (@text "half a second of lingering"))
    (call $set-linger (global.get $client) (i32.const 1) (i64.const 0) (i32.const 0))
    (call $linger (global.get $client) (i32.const 0))
    (call $number (i32.load8_u (i32.const 8)) (i32.const 1) (@text "no lingering is something else"))
    (call $equal (i64.load (i32.const 16)) (i64.const 0) (@text "no lingering"))
    (call $set-linger (global.get $client) (i32.const 0) (i64.const 0) (i32.const 0))
    (call $drop-stream (global.get $client))
    (call $drop-stream (global.get $server))
    (call $drop-listener (global.get $listener))))
