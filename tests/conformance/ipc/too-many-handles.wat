;;! interface = "ipc"
;;! covers = ["subscribe", "subscription.subscribe-readiness"]
;;! subscribe = ["a"]
;;! expect = "trap host: the capsule holds 4096 handles, the most it may"
;; A function that hands out handles and has no error stops a guest that has too many of them.
(module
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.subscribe-readiness"
    (func $readiness (param i32) (result i32)))
  (func $open (param $topic i32) (param $bytes i32) (result i32)
    (call $subscribe (local.get $topic) (local.get $bytes) (i32.const 0))
    (call $ok (@text "subscribe"))
    (i32.load (i32.const 4)))
  (func $case
    (local $subscription i32)
    (local.set $subscription (call $open (@text "a")))
    (loop $next
      (drop (call $readiness (local.get $subscription)))
      (br $next))))
