;;! interface = "ipc"
;;! covers = ["subscription.recv"]
;;! phase = "run"
;;! subscribe = ["a"]
;;! real-time = true
;;! parked = [{ publish = { topic = "a", payload = "1", from = "stranger" } }, { ticks = 1 }, { publish = { topic = "a", payload = "1", from = "stranger" } }, { ticks = 1 }, { publish = { topic = "a", payload = "1", from = "stranger" } }, { ticks = 1 }, { publish = { topic = "a", payload = "1", from = "stranger" } }, { ticks = 1 }, { publish = { topic = "a", payload = "1", from = "stranger" } }, { ticks = 1 }, { publish = { topic = "a", payload = "1", from = "stranger" } }, { ticks = 1 }, { publish = { topic = "a", payload = "1", from = "stranger" } }, { ticks = 1 }, { publish = { topic = "a", payload = "1", from = "stranger" } }, { ticks = 1 }, { publish = { topic = "a", payload = "1", from = "stranger" } }, { ticks = 1 }, { publish = { topic = "a", payload = "1", from = "stranger" } }, { ticks = 1 }, { publish = { topic = "a", payload = "1", from = "stranger" } }, { ticks = 1 }, { publish = { topic = "a", payload = "1", from = "stranger" } }, { ticks = 1 }, { publish = { topic = "a", payload = "1", from = "stranger" } }, { ticks = 1 }, { publish = { topic = "a", payload = "1", from = "stranger" } }, { ticks = 1 }, { publish = { topic = "a", payload = "1", from = "stranger" } }, { ticks = 1 }, { publish = { topic = "a", payload = "1", from = "stranger" } }, { ticks = 1 }, { publish = { topic = "a", payload = "1", from = "stranger" } }, { ticks = 1 }, { publish = { topic = "a", payload = "1", from = "stranger" } }, { ticks = 1 }, { publish = { topic = "a", payload = "1", from = "stranger" } }, { ticks = 1 }, { publish = { topic = "a", payload = "1", from = "stranger" } }, { ticks = 1 }, { publish = { topic = "a", payload = "2", from = "default" } }]
;; Messages that a run loop does not get make it wait neither less nor more than it wanted to: it hears
;; nothing, and not the message that comes long after its time is up.
(module
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.recv"
    (func $recv (param i32 i64 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "clock-monotonic-ns" (func $clock (result i64)))
  (func $case
    (local $a i32) (local $start i64)
    (call $subscribe (@text "a") (i32.const 0))
    (call $ok (@text "subscribe"))
    (local.set $a (i32.load (i32.const 4)))
    (call $log (i32.const 0) (@text "parked"))
    (local.set $start (call $clock))
    (call $recv (local.get $a) (i64.const 150) (i32.const 0))
    (call $ok (@text "recv"))
    (call $number (i32.load (i32.const 12)) (i32.const 0) (@text "messages"))
    (call $check
      (i64.ge_u (i64.sub (call $clock) (local.get $start)) (i64.const 150000000))
      (@text "it waited for 150 ms"))))
