  (import "astrid:net/host@1.0.0" "bind-tcp" (func $bind (param i32 i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "connect-tcp" (func $connect (param i32 i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-listener.accept" (func $accept (param i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-listener.local-addr"
    (func $listener-addr (param i32 i32)))
  (import "astrid:net/host@1.0.0" "[resource-drop]tcp-listener" (func $drop-listener (param i32)))
  (import "astrid:net/host@1.0.0" "[resource-drop]tcp-stream" (func $drop-stream (param i32)))
  ;; ---

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
