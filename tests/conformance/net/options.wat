;;! interface = "net"
;;! covers = ["tcp-stream.peer-addr", "tcp-stream.local-addr", "tcp-stream.set-nodelay", "tcp-stream.nodelay", "tcp-stream.set-read-timeout", "tcp-stream.read-timeout", "tcp-stream.set-write-timeout", "tcp-stream.write-timeout", "tcp-stream.set-hop-limit", "tcp-stream.hop-limit", "tcp-stream.set-keepalive", "tcp-stream.keepalive", "tcp-stream.set-linger", "tcp-stream.linger", "tcp-stream.set-reuseaddr", "tcp-stream.reuseaddr"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;; Every option reads back as it was set; lingering counts whole seconds and rounds up.
(module
  (import "astrid:net/host@1.0.0" "bind-tcp" (func $bind (param i32 i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "connect-tcp" (func $connect (param i32 i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-listener.accept" (func $accept (param i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-listener.local-addr"
    (func $listener-addr (param i32 i32)))
  (import "astrid:net/host@1.0.0" "[resource-drop]tcp-listener" (func $drop-listener (param i32)))
  (import "astrid:net/host@1.0.0" "[resource-drop]tcp-stream" (func $drop-stream (param i32)))
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
  ;; A port of this machine, as its digits after the last colon of the address say.
  (func $listen (result i32)
    (call $bind (@text "127.0.0.1") (i32.const 0) (i32.const 0))
    (call $ok (@text "bind"))
    (i32.load (i32.const 4)))
  (func $port (param $listener i32) (result i32)
    (local $at i32) (local $end i32) (local $digit i32) (local $port i32)
    (call $listener-addr (local.get $listener) (i32.const 0))
    (call $ok (@text "the address of the listener"))
    (local.set $at (i32.load (i32.const 4)))
    (local.set $end (i32.add (local.get $at) (i32.load (i32.const 8))))
    (loop $next
      (local.set $digit (i32.sub (i32.load8_u (local.get $at)) (i32.const 48)))
      (local.set $port (select
        (i32.add (i32.mul (local.get $port) (i32.const 10)) (local.get $digit))
        (i32.const 0)
        (i32.lt_u (local.get $digit) (i32.const 10))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
    (local.get $port))
  (func $dial (param $listener i32) (result i32)
    (call $connect (@text "127.0.0.1") (call $port (local.get $listener)) (i32.const 0))
    (call $ok (@text "connect"))
    (i32.load (i32.const 4)))
  ;; Both ends of a connection of the guest with itself.
  (global $listener (mut i32) (i32.const 0))
  (global $client (mut i32) (i32.const 0))
  (global $server (mut i32) (i32.const 0))
  (func $pair
    (global.set $listener (call $listen))
    (global.set $client (call $dial (global.get $listener)))
    (call $accept (global.get $listener) (i32.const 0))
    (call $ok (@text "accept"))
    (global.set $server (i32.load (i32.const 4))))
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
