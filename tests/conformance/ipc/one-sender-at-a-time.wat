;;! interface = "ipc"
;;! covers = ["subscription.poll"]
;;! subscribe = ["a"]
;;! now = [{ publish = { topic = "a", payload = "1", from = "ann" } }, { publish = { topic = "a", payload = "2", from = "ann" } }, { publish = { topic = "a", payload = "3", from = "ben" } }, { publish = { topic = "a", payload = "4" } }]
;; All messages of one envelope have one sender; those of others follow in the next ones.
(module
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.poll" (func $take (param i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[resource-drop]subscription" (func $drop-one (param i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $open (param $topic i32) (param $bytes i32) (result i32)
    (call $subscribe (local.get $topic) (local.get $bytes) (i32.const 0))
    (call $ok (@text "subscribe"))
    (i32.load (i32.const 4)))
  ;; The envelope at address 0 has this many messages.
  (func $messages (param $wanted i32)
    (call $ok (@text "an envelope"))
    (call $number (i32.load (i32.const 12)) (local.get $wanted) (@text "messages")))
  ;; The message at this place of the envelope has this payload.
  (func $payload (param $at i32) (param $wanted i32) (param $bytes i32)
    (local.set $at
      (i32.add (i32.load (i32.const 8)) (i32.mul (local.get $at) (i32.const 36))))
    (call $text (i32.load offset=8 (local.get $at)) (i32.load offset=12 (local.get $at))
      (local.get $wanted) (local.get $bytes) (@text "a payload")))
  ;; The first message of the envelope has this attribution: 0 verified, 1 claimed, 2 system.
  (func $from (param $kind i32) (param $name i32) (param $bytes i32)
    (local $at i32)
    (local.set $at (i32.load (i32.const 8)))
    (call $number (i32.load8_u offset=24 (local.get $at)) (local.get $kind)
      (@text "the kind of attribution"))
    (if (i32.ne (local.get $kind) (i32.const 2))
      (then (call $text (i32.load offset=28 (local.get $at)) (i32.load offset=32 (local.get $at))
        (local.get $name) (local.get $bytes) (@text "the name in the attribution")))))
  (func $case
    (local $subscription i32)
    (local.set $subscription (call $open (@text "a")))
    (call $log (i32.const 0) (@text "now"))
    (call $take (local.get $subscription) (i32.const 0))
    (call $messages (i32.const 2))
    (call $from (i32.const 0) (@text "ann"))
    (call $payload (i32.const 1) (@text "2"))
    (call $take (local.get $subscription) (i32.const 0))
    (call $messages (i32.const 1))
    (call $from (i32.const 0) (@text "ben"))
    (call $take (local.get $subscription) (i32.const 0))
    (call $messages (i32.const 1))
    (call $from (i32.const 2) (@text ""))
    (call $payload (i32.const 0) (@text "4"))
    (call $drop-one (local.get $subscription))))
