;;! interface = "net"
;;! covers = ["lookup-host", "name-unresolvable", "connection-refused"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*", "two.example:*", "one.example:80", "none.example:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;;! names = { "two.example" = ["10.0.0.1", "93.184.216.34"], "none.example" = [] }
;; Names are looked up where every port of them is granted; local addresses are left out; a name without
;; an address is an error; nobody at a port is a refusal.
(module
  (import "astrid:net/host@1.0.0" "bind-tcp" (func $bind (param i32 i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "connect-tcp" (func $connect (param i32 i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "lookup-host" (func $lookup (param i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-listener.local-addr"
    (func $listener-addr (param i32 i32)))
  (import "astrid:net/host@1.0.0" "[resource-drop]tcp-listener" (func $drop-listener (param i32)))
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
  (func $case
    (local $listener i32) (local $port i32)
    (call $lookup (@text "two.example") (i32.const 0))
    (call $ok (@text "lookup"))
    (call $number (i32.load (i32.const 8)) (i32.const 1) (@text "addresses"))
    (call $text
      (i32.load (i32.load (i32.const 4))) (i32.load offset=4 (i32.load (i32.const 4)))
      (@text "93.184.216.34:0") (@text "the public one"))
    (call $lookup (@text "one.example") (i32.const 0))
    (call $error (@error "capability-denied") (@text "a name with one port granted"))
    (call $lookup (@text "none.example") (i32.const 0))
    (call $error (@error "name-unresolvable") (@text "a name without an address"))
    (call $connect (@text "none.example") (i32.const 1) (i32.const 0))
    (call $error (@error "name-unresolvable") (@text "connecting to it"))
    (local.set $listener (call $listen))
    (local.set $port (call $port (local.get $listener)))
    (call $drop-listener (local.get $listener))
    (call $connect (@text "127.0.0.1") (local.get $port) (i32.const 0))
    (call $error (@error "connection-refused") (@text "a port without anybody"))))
