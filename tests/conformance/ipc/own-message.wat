;;! interface = "ipc"
;;! covers = ["publish", "subscribe", "subscription.poll"]
;;! publish = ["greetings.*"]
;;! subscribe = ["greetings.*"]
;; A publisher that subscribes gets its own message: its topic, its payload, the id of the capsule,
;; and in whose name the call was made.
(module
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.poll" (func $take (param i32 i32)))
  (func $open (param $topic i32) (param $bytes i32) (result i32)
    (call $subscribe (local.get $topic) (local.get $bytes) (i32.const 0))
    (call $ok (@text "subscribe"))
    (i32.load (i32.const 4)))
  (func $send (param $topic i32) (param $bytes i32) (param $payload i32) (param $payload-bytes i32)
    (call $publish (local.get $topic) (local.get $bytes)
      (local.get $payload) (local.get $payload-bytes) (i32.const 0))
    (call $ok (@text "publish")))
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
    (local $at i32)
    (local.set $subscription (call $open (@text "greetings.*")))
    (call $send (@text "greetings.morning") (@text "{\"text\":\"hello\"}"))
    (call $take (local.get $subscription) (i32.const 0))
    (call $messages (i32.const 1))
    (local.set $at (i32.load (i32.const 8)))
    (call $text (i32.load (local.get $at)) (i32.load offset=4 (local.get $at))
      (@text "greetings.morning") (@text "the topic"))
    (call $payload (i32.const 0) (@text "{\"text\":\"hello\"}"))
    (call $number (i32.load offset=20 (local.get $at)) (i32.const 36)
      (@text "letters of the source id"))
    (call $from (i32.const 0) (global.get $who) (global.get $who-bytes))
    (call $equal (i64.load (i32.const 16)) (i64.const 0) (@text "dropped"))
    (call $equal (i64.load (i32.const 24)) (i64.const 0) (@text "lagged"))
    (call $take (local.get $subscription) (i32.const 0))
    (call $messages (i32.const 0))))
