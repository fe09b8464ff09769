;;! interface = "ipc"
;;! covers = ["subscription.recv"]
;;! phase = "run"
;;! subscribe = ["a"]
;;! settings = { default = { who = "default" }, other = { who = "other" } }
;;! default-only = "the messages are from both principals, so that either can be the owner's"
;;! now = [{ publish = { topic = "a", payload = "1", from = "other" } }, { publish = { topic = "a", payload = "2", from = "default" } }]
;; Keys and settings of a run loop are those of whom it acts for: what it stored for one sender is
;; not there for the next.
(module
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.recv"
    (func $recv (param i32 i64 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "get-config" (func $config (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-set" (func $set (param i32 i32 i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-get" (func $get (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-delete" (func $delete (param i32 i32 i32)))
  (func $open (param $topic i32) (param $bytes i32) (result i32)
    (call $subscribe (local.get $topic) (local.get $bytes) (i32.const 0))
    (call $ok (@text "subscribe"))
    (i32.load (i32.const 4)))
  ;; The envelope at address 0 has this many messages.
  (func $messages (param $wanted i32)
    (call $ok (@text "an envelope"))
    (call $number (i32.load (i32.const 12)) (local.get $wanted) (@text "messages")))
  (func $who-is (param $name i32) (param $bytes i32)
    (call $config (@text "who") (i32.const 0))
    (call $text (i32.load (i32.const 8)) (i32.load (i32.const 12))
      (local.get $name) (local.get $bytes) (@text "a setting")))
  (func $case
    (local $a i32)
    (local.set $a (call $open (@text "a")))
    (call $log (i32.const 0) (@text "now"))
    (call $recv (local.get $a) (i64.const 0) (i32.const 0))
    (call $messages (i32.const 1))
    (call $who-is (@text "other"))
    (call $set (@text "k") (@text "v") (i32.const 0))
    (call $ok (@text "set"))
    (call $recv (local.get $a) (i64.const 0) (i32.const 0))
    (call $messages (i32.const 1))
    (call $who-is (@text "default"))
    (call $get (@text "k") (i32.const 0))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "the key is absent"))))
