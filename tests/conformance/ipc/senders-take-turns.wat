;;! interface = "ipc"
;;! covers = ["publish-as", "subscription.poll"]
;;! publish = ["a"]
;;! subscribe = ["a"]
;;! capabilities = { uplink = true }
;; Who sends much holds up nobody: each sender has its share of bytes before it is the turn of the next. Of
;; a full subscription the oldest message goes, whoever sent it.
(module
  (import "astrid:ipc/host@1.0.0" "publish-as"
    (func $publish-as (param i32 i32 i32 i32 i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.poll" (func $take (param i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[resource-drop]subscription" (func $drop-one (param i32)))
  (import "astrid:sys/host@1.0.0" "sleep-ns" (func $sleep (param i64 i32)))
  ;; Publishes a text of this many bytes in a name.
  (func $as (param $name i32) (param $name-bytes i32) (param $bytes i32)
    (i32.store8 (global.get $payload) (i32.const 34))
    (i32.store8 (i32.add (global.get $payload) (i32.sub (local.get $bytes) (i32.const 1)))
      (i32.const 34))
    (call $publish-as (@text "a") (global.get $payload) (local.get $bytes)
      (local.get $name) (local.get $name-bytes) (i32.const 0))
    (call $ok (@text "publish-as"))
    (i32.store8 (i32.add (global.get $payload) (i32.sub (local.get $bytes) (i32.const 1)))
      (i32.const 120)))
  ;; The next envelope is from this sender, and has this many messages.
  (func $next (param $name i32) (param $name-bytes i32) (param $count i32)
    (local $at i32)
    (call $take (global.get $subscription) (i32.const 0))
    (call $ok (@text "an envelope"))
    (call $number (i32.load (i32.const 12)) (local.get $count) (local.get $name) (local.get $name-bytes))
    (local.set $at (i32.load (i32.const 8)))
    (call $text (i32.load offset=28 (local.get $at)) (i32.load offset=32 (local.get $at))
      (local.get $name) (local.get $name-bytes) (@text "the sender")))
  (global $payload (mut i32) (i32.const 0))
  (global $subscription (mut i32) (i32.const 0))
  (func $case
    (call $sleep (i64.const 1000000000) (i32.const 0))
    (global.set $payload (call $room (i32.const 400000) (i32.const 120)))
    (call $subscribe (@text "a") (i32.const 0))
    (call $ok (@text "subscribe"))
    (global.set $subscription (i32.load (i32.const 4)))
    (call $as (@text "ann") (i32.const 300000))
    (call $as (@text "ann") (i32.const 300000))
    (call $as (@text "ann") (i32.const 300000))
    (call $as (@text "ben") (i32.const 10))
    (call $next (@text "ann") (i32.const 1))
    (call $next (@text "ben") (i32.const 1))
    (call $next (@text "ann") (i32.const 2))
    ;; The oldest of all goes, whoever sent it.
    (call $as (@text "ben") (i32.const 400000))
    (call $as (@text "ann") (i32.const 300000))
    (call $as (@text "ann") (i32.const 300000))
    (call $as (@text "ann") (i32.const 100000))
    (call $next (@text "ann") (i32.const 3))
    (call $equal (i64.load (i32.const 16)) (i64.const 1) (@text "dropped"))
    (call $take (global.get $subscription) (i32.const 0))
    (call $number (i32.load (i32.const 12)) (i32.const 0) (@text "messages that are left"))
    (call $drop-one (global.get $subscription))))
