;;! interface = "ipc"
;;! covers = ["subscription.recv"]
;;! subscribe = ["a"]
;; A `recv` that runs out of time returns an empty envelope, which is no error. A timeout of zero
;; looks once, and more than a minute is a minute.
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
    (call $recv (local.get $subscription) (i64.const 0) (i32.const 0))
    (call $messages (i32.const 0))
    (call $equal (i64.sub (call $clock) (local.get $start)) (i64.const 0)
      (@text "nanoseconds without a timeout"))
    (call $recv (local.get $subscription) (i64.const 1500) (i32.const 0))
    (call $messages (i32.const 0))
    (call $equal (i64.sub (call $clock) (local.get $start)) (i64.const 1500000000)
      (@text "nanoseconds with a timeout"))
    (local.set $start (call $clock))
    (call $recv (local.get $subscription) (i64.const 120000) (i32.const 0))
    (call $messages (i32.const 0))
    (call $equal (i64.sub (call $clock) (local.get $start)) (i64.const 60000000000)
      (@text "nanoseconds with a long timeout"))
    (local.set $start (call $clock))
    (call $recv (local.get $subscription) (i64.const -1) (i32.const 0))
    (call $equal (i64.sub (call $clock) (local.get $start)) (i64.const 60000000000)
      (@text "nanoseconds with the longest timeout"))))
