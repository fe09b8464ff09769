;;! interface = "net"
;;! with = "tcp"
;;! covers = ["quota", "unix-listener.accept"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;;! now = [{ dial = { token = ["hello"] } }]
;;! fresh-only = "what it opens stays open"
;; Streams of the capsule's socket and TCP connections are eight together.
(module
  (import "astrid:net/host@1.0.0" "bind-unix" (func $bind-unix (param i32)))
  (import "astrid:net/host@1.0.0" "[method]unix-listener.accept"
    (func $accept-unix (param i32 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $case
    (local $door i32) (local $count i32)
    (call $bind-unix (i32.const 0))
    (call $ok (@text "bind-unix"))
    (local.set $door (i32.load (i32.const 4)))
    (call $log (i32.const 0) (@text "now"))
    (call $accept-unix (local.get $door) (i32.const 0))
    (call $ok (@text "accept"))
    (global.set $listener (call $listen))
    (loop $more
      (drop (call $dial (global.get $listener)))
      (local.set $count (i32.add (local.get $count) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $count) (i32.const 7))))
    (call $connect (@text "127.0.0.1") (call $port (global.get $listener)) (i32.const 0))
    (call $error (@error "quota") (@text "a ninth stream"))))
