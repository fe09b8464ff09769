;;! interface = "ipc"
;;! covers = ["subscription.recv"]
;;! phase = "run"
;;! subscribe = ["a"]
;;! real-time = true
;;! parked = [{ publish = { topic = "a", payload = "1", from = "stranger" } }, { ticks = 1 }, { publish = { topic = "a", payload = "2", from = "stranger" } }, { publish = { topic = "a", payload = "3", from = "default" } }]
;;! default-only = "the message is for whom the loop runs anyway"
;; A run loop that is woken by a message which it does not get goes on waiting for the next one.
(module
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.recv"
    (func $recv (param i32 i64 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $case
    (local $at i32)
    (call $subscribe (@text "a") (i32.const 0))
    (call $ok (@text "subscribe"))
    (call $log (i32.const 0) (@text "parked"))
    (call $recv (i32.load (i32.const 4)) (i64.const 60000) (i32.const 0))
    (call $ok (@text "recv"))
    (call $number (i32.load (i32.const 12)) (i32.const 1) (@text "messages"))
    (local.set $at (i32.load (i32.const 8)))
    (call $text (i32.load offset=8 (local.get $at)) (i32.load offset=12 (local.get $at))
      (@text "3") (@text "the payload"))))
