;;! interface = "net"
;;! with = "tcp"
;;! covers = ["tcp-stream.peer-addr", "tcp-stream.local-addr", "tcp-stream.set-nodelay", "tcp-stream.nodelay", "tcp-stream.set-read-timeout", "tcp-stream.read-timeout", "tcp-stream.set-write-timeout", "tcp-stream.write-timeout", "tcp-stream.set-hop-limit", "tcp-stream.hop-limit", "tcp-stream.set-keepalive", "tcp-stream.keepalive", "tcp-stream.set-linger", "tcp-stream.linger", "tcp-stream.set-reuseaddr", "tcp-stream.reuseaddr"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;; Every option reads back as it was set; lingering counts whole seconds and rounds up.
(module
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.peer-addr" (func $peer-addr (param i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.local-addr"
    (func $local-addr (param i32 i32)))
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
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.set-hop-limit"
    (func $set-hop-limit (param i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.hop-limit" (func $hop-limit (param i32 i32)))
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
    (call $peer-addr (global.get $client) (i32.const 0))
    (call $ok (@text "peer"))
    (call $local-addr (global.get $client) (i32.const 0))
    (call $ok (@text "local"))
    (call $text (i32.load (i32.const 4)) (i32.const 10) (@text "127.0.0.1:") (@text "an address"))
    (call $set-nodelay (global.get $client) (i32.const 1) (i32.const 0))
    (call $ok (@text "set-nodelay"))
    (call $nodelay (global.get $client) (i32.const 0))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 1) (@text "nodelay"))
    (call $read-timeout (global.get $client) (i32.const 0))
    (call $number (i32.load8_u (i32.const 8)) (i32.const 0) (@text "no timeout at first"))
    (call $set-read-timeout (global.get $client) (i32.const 1) (i64.const 250) (i32.const 0))
    (call $read-timeout (global.get $client) (i32.const 0))
    (call $equal (i64.load (i32.const 16)) (i64.const 250) (@text "read timeout"))
    (call $set-write-timeout (global.get $client) (i32.const 1) (i64.const 350) (i32.const 0))
    (call $ok (@text "set-write-timeout"))
    (call $write-timeout (global.get $client) (i32.const 0))
    (call $equal (i64.load (i32.const 16)) (i64.const 350) (@text "write timeout"))
    (call $set-hop-limit (global.get $client) (i32.const 7) (i32.const 0))
    (call $ok (@text "set-hop-limit"))
    (call $hop-limit (global.get $client) (i32.const 0))
    (call $number (i32.load (i32.const 4)) (i32.const 7) (@text "hop limit"))
    (call $set-hop-limit (global.get $client) (i32.const 256) (i32.const 0))
    (call $error (@error "unknown") (@text "a hop limit out of range"))
    (call $keepalive (global.get $client) (i32.const 0))
    (call $number (i32.load8_u (i32.const 8)) (i32.const 0) (@text "no keepalive at first"))
    (call $set-keepalive (global.get $client) (i32.const 1) (i64.const 0) (i32.const 0))
    (call $ok (@text "set-keepalive"))
    (call $keepalive (global.get $client) (i32.const 0))
    (call $number (i32.load8_u (i32.const 8)) (i32.const 1) (@text "keepalive"))
    (call $equal (i64.load (i32.const 16)) (i64.const 0) (@text "its period"))
    (call $set-linger (global.get $client) (i32.const 1) (i64.const 1001) (i32.const 0))
    (call $ok (@text "set-linger"))
    (call $linger (global.get $client) (i32.const 0))
    (call $equal (i64.load (i32.const 16)) (i64.const 2000) (@text "linger"))
    (call $set-linger (global.get $client) (i32.const 0) (i64.const 0) (i32.const 0))
    (call $linger (global.get $client) (i32.const 0))
    (call $number (i32.load8_u (i32.const 8)) (i32.const 0) (@text "no linger"))
    (call $set-reuseaddr (global.get $client) (i32.const 1) (i32.const 0))
    (call $ok (@text "set-reuseaddr"))
    (call $reuseaddr (global.get $client) (i32.const 0))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 1) (@text "reuseaddr"))
    (call $drop-stream (global.get $client))
    (call $drop-stream (global.get $server))
    (call $drop-listener (global.get $listener))))
