;;! interface = "ipc"
;;! covers = ["subscription.poll"]
;;! publish = ["a"]
;;! subscribe = ["a"]
;;! now = [{ cancel = true }]
;; While its capsule is being unloaded a `poll` still returns what is queued.
(module
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.poll" (func $take (param i32 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $case
    (local $subscription i32)
    (call $subscribe (@text "a") (i32.const 0))
    (call $ok (@text "subscribe"))
    (local.set $subscription (i32.load (i32.const 4)))
    (call $publish (@text "a") (@text "1") (i32.const 0))
    (call $ok (@text "publish"))
    (call $log (i32.const 0) (@text "now"))
    (call $take (local.get $subscription) (i32.const 0))
    (call $ok (@text "poll"))
    (call $number (i32.load (i32.const 12)) (i32.const 1) (@text "messages"))
    (call $take (local.get $subscription) (i32.const 0))
    (call $ok (@text "poll of nothing"))
    (call $number (i32.load (i32.const 12)) (i32.const 0) (@text "no messages"))))
