;;! interface = "ipc"
;;! covers = ["publish-as", "invalid-input", "capability-denied"]
;;! publish = ["a"]
;;! subscribe = ["a"]
;;! capabilities = { uplink = true }
;; With the uplink capability a capsule publishes in the name of anybody, existing or not, and
;; receivers see that it is only claimed.
(module
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.poll" (func $take (param i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[resource-drop]subscription" (func $drop-one (param i32)))
  (import "astrid:ipc/host@1.0.0" "publish-as"
    (func $publish-as (param i32 i32 i32 i32 i32 i32 i32)))
  (func $open (param $topic i32) (param $bytes i32) (result i32)
    (call $subscribe (local.get $topic) (local.get $bytes) (i32.const 0))
    (call $ok (@text "subscribe"))
    (i32.load (i32.const 4)))
  ;; The envelope at address 0 has this many messages.
  (func $messages (param $wanted i32)
    (call $ok (@text "an envelope"))
    (call $number (i32.load (i32.const 12)) (local.get $wanted) (@text "messages")))
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
    (call $publish-as (@text "a") (@text "1") (@text "alice") (i32.const 0))
    (call $ok (@text "publish-as"))
    (call $take (local.get $subscription) (i32.const 0))
    (call $messages (i32.const 1))
    (call $from (i32.const 1) (@text "alice"))
    (call $publish-as (@text "a") (@text "1") (@text "") (i32.const 0))
    (call $error (@error "invalid-input") (@text "nobody"))
    (call $publish-as (@text "a") (@text "1") (@text "../alice") (i32.const 0))
    (call $error (@error "invalid-input") (@text "no name"))
    (call $publish-as (@text "b") (@text "1") (@text "alice") (i32.const 0))
    (call $error (@error "capability-denied") (@text "another topic"))
    (call $publish-as (@text "a") (@text "no json") (@text "alice") (i32.const 0))
    (call $error (@error "invalid-input") (@text "no JSON"))
    (call $publish (@text "a") (@text "1") (i32.const 0))
    (call $ok (@text "publish"))
    (call $take (local.get $subscription) (i32.const 0))
    (call $from (i32.const 0) (global.get $who) (global.get $who-bytes))
    (call $drop-one (local.get $subscription))))
