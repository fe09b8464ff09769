;;! interface = "ipc"
;;! covers = ["subscribe", "subscription.poll", "subscription.drop"]
;;! publish = ["a"]
;;! subscribe = ["a"]
;; A subscription has the messages that were published after it was made. Each has its own copy of
;; every message, and dropping one takes nothing from another.
(module
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.poll" (func $take (param i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[resource-drop]subscription" (func $drop-one (param i32)))
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
  (func $case
    (local $one i32)
    (local $two i32)
    (local.set $one (call $open (@text "a")))
    (call $send (@text "a") (@text "1"))
    (local.set $two (call $open (@text "a")))
    (call $send (@text "a") (@text "2"))
    (call $take (local.get $two) (i32.const 0))
    (call $messages (i32.const 1))
    (call $payload (i32.const 0) (@text "2"))
    (call $drop-one (local.get $two))
    (call $take (local.get $one) (i32.const 0))
    (call $messages (i32.const 2))
    (call $payload (i32.const 0) (@text "1"))
    (call $payload (i32.const 1) (@text "2"))
    (call $drop-one (local.get $one))))
