;;! interface = "ipc"
;;! covers = ["subscription.recv", "publish"]
;;! publish = ["b"]
;;! subscribe = ["a", "b"]
;;! caller = "verified"
;;! now = [{ publish = { topic = "a", payload = "1", from = "ann" } }]
;; What an interceptor receives does not change on whose behalf it acts.
(module
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.recv"
    (func $recv (param i32 i64 i32)))
  (import "astrid:ipc/host@1.0.0" "[resource-drop]subscription" (func $drop-one (param i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "get-caller" (func $caller (param i32)))
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
    (local $a i32)
    (local $b i32)
    (local.set $a (call $open (@text "a")))
    (local.set $b (call $open (@text "b")))
    (call $log (i32.const 0) (@text "now"))
    (call $recv (local.get $a) (i64.const 0) (i32.const 0))
    (call $messages (i32.const 1))
    (call $from (i32.const 0) (@text "ann"))
    (call $caller (i32.const 0))
    (call $text (i32.load (i32.const 8)) (i32.load (i32.const 12))
      (global.get $who) (global.get $who-bytes) (@text "the caller"))
    (call $send (@text "b") (@text "2"))
    (call $recv (local.get $b) (i64.const 0) (i32.const 0))
    (call $messages (i32.const 1))
    (call $from (i32.const 0) (global.get $who) (global.get $who-bytes))
    (call $drop-one (local.get $a))
    (call $drop-one (local.get $b))))
