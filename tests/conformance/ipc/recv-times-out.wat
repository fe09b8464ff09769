;;! interface = "ipc"
;;! covers = ["subscription.recv"]
;;! subscribe = ["a"]
;;! real-time = true
;; By the clock of the machine, too, a `recv` of nothing waits for as long as it was told to.
(module
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.recv"
    (func $recv (param i32 i64 i32)))
  (import "astrid:sys/host@1.0.0" "clock-monotonic-ns" (func $clock (result i64)))
  (func $open (param $topic i32) (param $bytes i32) (result i32)
    (call $subscribe (local.get $topic) (local.get $bytes) (i32.const 0))
    (call $ok (@text "subscribe"))
    (i32.load (i32.const 4)))
  ;; The envelope at address 0 has this many messages.
  (func $messages (param $wanted i32)
    (call $ok (@text "an envelope"))
    (call $number (i32.load (i32.const 12)) (local.get $wanted) (@text "messages")))
  (func $case
    (local $subscription i32)
    (local $start i64)
    (local.set $subscription (call $open (@text "a")))
    (local.set $start (call $clock))
    (call $recv (local.get $subscription) (i64.const 20) (i32.const 0))
    (call $messages (i32.const 0))
    (call $check
      (i64.ge_u (i64.sub (call $clock) (local.get $start)) (i64.const 20000000))
      (@text "it waited for 20 ms"))))
