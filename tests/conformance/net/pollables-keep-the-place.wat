;;! interface = "net"
;;! covers = ["quota"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;;! fresh-only = "what it opens stays open"
;; A connection counts for as long as anything of it is held.
(module
  (import "astrid:net/host@1.0.0" "bind-tcp" (func $bind (param i32 i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "connect-tcp" (func $connect (param i32 i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-listener.local-addr"
    (func $listener-addr (param i32 i32)))
  (import "astrid:net/host@1.0.0" "[resource-drop]tcp-stream" (func $drop-stream (param i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.subscribe-readable"
    (func $readable (param i32) (result i32)))
  (import "astrid:io/poll@1.0.0" "[resource-drop]pollable" (func $drop-pollable (param i32)))
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
  (func $case
    (local $listener i32) (local $stream i32) (local $ready i32) (local $count i32)
    (local.set $listener (call $listen))
    (loop $more
      (local.set $stream (call $dial (local.get $listener)))
      (local.set $ready (call $readable (local.get $stream)))
      (call $drop-stream (local.get $stream))
      (local.set $count (i32.add (local.get $count) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $count) (i32.const 8))))
    (call $connect (@text "127.0.0.1") (call $port (local.get $listener)) (i32.const 0))
    (call $error (@error "quota") (@text "a ninth connection"))
    (call $drop-pollable (local.get $ready))
    (drop (call $dial (local.get $listener)))))
