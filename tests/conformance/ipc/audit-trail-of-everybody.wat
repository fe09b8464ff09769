;;! interface = "ipc"
;;! covers = ["subscribe", "subscription.poll"]
;;! subscribe = ["astrid.v1.audit.entry", "astrid.*"]
;;! now = [{ publish = { topic = "astrid.v1.audit.entry", payload = "1", from = "ann" } }, { publish = { topic = "astrid.v1.audit.entry", payload = "2", from = "default" } }, { publish = { topic = "astrid.v1.audit.entry", payload = "3" } }]
;;! files = { "etc/profiles/default.toml" = "profile_version = 1\ngrants = [\"audit:read_all\"]\n" }
;; A capsule whose owner may read all of the audit trail sees what everybody did.
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
  (func $case
    (local $exact i32)
    (local $wide i32)
    (local.set $exact (call $open (@text "astrid.v1.audit.entry")))
    (local.set $wide (call $open (@text "astrid.*")))
    (call $log (i32.const 0) (@text "now"))
    ;; An envelope holds the messages of one principal.
    (call $take (local.get $exact) (i32.const 0))
    (call $messages (i32.const 1))
    (call $payload (i32.const 0) (@text "1"))
    (call $take (local.get $exact) (i32.const 0))
    (call $messages (i32.const 1))
    (call $payload (i32.const 0) (@text "2"))
    (call $take (local.get $exact) (i32.const 0))
    (call $messages (i32.const 1))
    (call $payload (i32.const 0) (@text "3"))
    (call $take (local.get $wide) (i32.const 0))
    (call $messages (i32.const 1))
    (call $payload (i32.const 0) (@text "1"))
    (call $take (local.get $wide) (i32.const 0))
    (call $messages (i32.const 1))
    (call $payload (i32.const 0) (@text "2"))
    (call $take (local.get $wide) (i32.const 0))
    (call $messages (i32.const 1))
    (call $payload (i32.const 0) (@text "3"))
    (call $drop-one (local.get $exact))
    (call $drop-one (local.get $wide))))
