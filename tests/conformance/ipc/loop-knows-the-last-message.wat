;;! interface = "ipc"
;;! covers = ["subscription.poll"]
;;! phase = "run"
;;! subscribe = ["a"]
;;! now = [{ publish = { topic = "a", payload = "1" } }]
;; Who calls a run loop is the sender of what it received last, also by `poll`: from which
;; source, and when. A message of the host is served for the owner.
(module
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.poll" (func $take (param i32 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "get-caller" (func $caller (param i32)))
  (func $case
    (local $a i32)
    (call $subscribe (@text "a") (i32.const 0))
    (call $ok (@text "subscribe"))
    (local.set $a (i32.load (i32.const 4)))
    (call $caller (i32.const 0))
    (call $number (i32.load (i32.const 20)) (i32.const 0) (@text "a source before any message"))
    (call $log (i32.const 0) (@text "now"))
    (call $take (local.get $a) (i32.const 0))
    (call $number (i32.load (i32.const 12)) (i32.const 1) (@text "messages"))
    (call $caller (i32.const 0))
    (call $ok (@text "get-caller"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "the host is no principal"))
    (call $text (i32.load (i32.const 16)) (i32.load (i32.const 20))
      (@text "00000000-0000-0000-0000-000000000000") (@text "the source id"))
    (call $text (i32.load (i32.const 24)) (i32.load (i32.const 28))
      (@text "1970-01-01T00:00:05.000000000+00:00") (@text "the time"))))
