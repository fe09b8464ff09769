;;! interface = "net"
;;! with = "tcp"
;;! covers = ["quota"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;;! fresh-only = "what it opens stays open"
;; A connection counts for as long as anything of it is held.
(module
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.subscribe-readable"
    (func $readable (param i32) (result i32)))
  (import "astrid:io/poll@1.0.0" "[resource-drop]pollable" (func $drop-pollable (param i32)))
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
