;;! interface = "net"
;;! with = "tcp"
;;! covers = ["quota", "tcp-listener.poll-accept"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;;! fresh-only = "what it opens stays open"
;; Eight connections and four listeners are the most that an instance has; dropping one makes room.
(module
  (import "astrid:net/host@1.0.0" "[method]tcp-listener.poll-accept"
    (func $poll-accept (param i32 i64 i32)))
  (func $case
    (local $listener i32) (local $count i32)
    (local.set $listener (call $listen))
    (loop $more
      (drop (call $dial (local.get $listener)))
      (local.set $count (i32.add (local.get $count) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $count) (i32.const 8))))
    (call $connect (@text "127.0.0.1") (call $port (local.get $listener)) (i32.const 0))
    (call $error (@error "quota") (@text "a ninth connection"))
    (call $poll-accept (local.get $listener) (i64.const 0) (i32.const 0))
    (call $error (@error "quota") (@text "a ninth by accepting"))
    (drop (call $listen))
    (drop (call $listen))
    (drop (call $listen))
    (call $bind (@text "127.0.0.1") (i32.const 0) (i32.const 0))
    (call $error (@error "quota") (@text "a fifth listener"))
    (call $drop-listener (local.get $listener))
    (drop (call $listen))))
