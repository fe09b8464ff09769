;;! interface = "ipc"
;;! covers = ["publish", "subscription.poll"]
;;! publish = ["a"]
;;! subscribe = ["a"]
;; Of one sender at most 16384 messages wait in a subscription, however small they are: the oldest goes
;; for the next one, and is counted.
(module
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.poll" (func $take (param i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[resource-drop]subscription" (func $drop-one (param i32)))
  (func $case
    (local $subscription i32) (local $rest i32)
    (call $subscribe (@text "a") (i32.const 0))
    (call $ok (@text "subscribe"))
    (local.set $subscription (i32.load (i32.const 4)))
    (call $publish (@text "a") (@text "1") (i32.const 0))
    (local.set $rest (i32.const 16384))
    (loop $next
      (call $publish (@text "a") (@text "2") (i32.const 0))
      (local.set $rest (i32.sub (local.get $rest) (i32.const 1)))
      (br_if $next (local.get $rest)))
    (call $ok (@text "publish"))
    (call $take (local.get $subscription) (i32.const 0))
    (call $ok (@text "an envelope"))
    (call $number (i32.load (i32.const 12)) (i32.const 16384) (@text "messages"))
    (call $number (i32.load8_u (i32.load offset=8 (i32.load (i32.const 8)))) (i32.const 50)
      (@text "the oldest that is left"))
    (call $equal (i64.load (i32.const 16)) (i64.const 1) (@text "dropped"))
    (call $drop-one (local.get $subscription))))
