;;! interface = "ipc"
;;! covers = ["subscription.recv", "publish"]
;;! phase = "run"
;;! publish = ["b"]
;;! subscribe = ["a", "b"]
;;! settings = { default = { who = "default" }, other = { who = "other" } }
;;! default-only = "a loop of the other is served for the other"
;;! now = [{ publish = { topic = "a", payload = "1", from = "other" } }, { publish = { topic = "a", payload = "2" } }]
;; A message of the host is served for the owner, also when the one before came from somebody else: with
;; the owner's settings and keys, and in the owner's name.
(module
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.recv"
    (func $recv (param i32 i64 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "get-config" (func $config (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-get" (func $get (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-set" (func $set (param i32 i32 i32 i32 i32)))
  (func $open (param $topic i32) (param $bytes i32) (result i32)
    (call $subscribe (local.get $topic) (local.get $bytes) (i32.const 0))
    (call $ok (@text "subscribe"))
    (i32.load (i32.const 4)))
  (func $one (param $subscription i32)
    (call $recv (local.get $subscription) (i64.const 0) (i32.const 0))
    (call $ok (@text "an envelope"))
    (call $number (i32.load (i32.const 12)) (i32.const 1) (@text "messages")))
  (func $acts-for (param $name i32) (param $bytes i32)
    (call $config (@text "who") (i32.const 0))
    (call $text (i32.load (i32.const 8)) (i32.load (i32.const 12))
      (local.get $name) (local.get $bytes) (@text "a setting")))
  (func $case
    (local $a i32) (local $b i32) (local $at i32)
    (local.set $a (call $open (@text "a")))
    (local.set $b (call $open (@text "b")))
    (call $log (i32.const 0) (@text "now"))
    (call $one (local.get $a))
    (call $acts-for (@text "other"))
    (call $set (@text "k") (@text "v") (i32.const 0))
    (call $ok (@text "set"))
    (call $one (local.get $a))
    (call $acts-for (@text "default"))
    (call $get (@text "k") (i32.const 0))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "the key is absent"))
    (call $publish (@text "b") (@text "3") (i32.const 0))
    (call $ok (@text "publish"))
    (call $one (local.get $b))
    (local.set $at (i32.load (i32.const 8)))
    (call $number (i32.load8_u offset=24 (local.get $at)) (i32.const 0) (@text "it is verified"))
    (call $text (i32.load offset=28 (local.get $at)) (i32.load offset=32 (local.get $at))
      (@text "default") (@text "the sender"))))
