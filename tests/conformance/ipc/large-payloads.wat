;;! interface = "ipc"
;;! covers = ["publish", "subscription.poll"]
;;! publish = ["a"]
;;! subscribe = ["a"]
;; A payload of 1 MiB can be published, but not received: with its topic it is more than a
;; subscription holds, and is counted as dropped. One that fits with its topic arrives.
(module
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.poll" (func $take (param i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[resource-drop]subscription" (func $drop-one (param i32)))
  (func $open (param $topic i32) (param $bytes i32) (result i32)
    (call $subscribe (local.get $topic) (local.get $bytes) (i32.const 0))
    (call $ok (@text "subscribe"))
    (i32.load (i32.const 4)))
  ;; The envelope at address 0 has this many messages.
  (func $messages (param $wanted i32)
    (call $ok (@text "an envelope"))
    (call $number (i32.load (i32.const 12)) (local.get $wanted) (@text "messages")))
  (func $case
    (local $payload i32)
    (local $subscription i32)
    (local.set $payload (call $room (i32.const 1048576) (i32.const 120)))
    (i32.store8 (local.get $payload) (i32.const 34))
    (i32.store8 offset=1048575 (local.get $payload) (i32.const 34))
    (local.set $subscription (call $open (@text "a")))
    (call $publish (@text "a") (local.get $payload) (i32.const 1048576) (i32.const 0))
    (call $ok (@text "publish of 1 MiB"))
    (call $take (local.get $subscription) (i32.const 0))
    (call $messages (i32.const 0))
    (call $equal (i64.load (i32.const 16)) (i64.const 1) (@text "dropped"))
    (i32.store8 offset=1048574 (local.get $payload) (i32.const 34))
    (call $publish (@text "a") (local.get $payload) (i32.const 1048575) (i32.const 0))
    (call $ok (@text "publish of a byte less"))
    (call $take (local.get $subscription) (i32.const 0))
    (call $messages (i32.const 1))
    (call $equal (i64.load (i32.const 16)) (i64.const 0) (@text "dropped since"))
    (call $equal (i64.load (i32.const 24)) (i64.const 1) (@text "dropped in all"))
    (call $drop-one (local.get $subscription))))
