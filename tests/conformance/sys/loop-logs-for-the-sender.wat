;;! interface = "sys"
;;! covers = ["log"]
;;! phase = "run"
;;! subscribe = ["a"]
;;! default-only = "the messages are from both principals, so that either can be the owner's"
;;! now = [{ publish = { topic = "a", payload = "1", from = "other" } }, { publish = { topic = "a", payload = "2", from = "default" } }]
;;! log-files = { default = ["INFO [conformance] before", "TRACE [conformance] now", "ERROR [conformance] two\\nlines", "INFO [conformance] ok"], other = ["WARN [conformance] of the other"] }
;; The lines of a run loop go to the log of whoever sent what it received last. A line is a line.
(module
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.recv" (func $recv (param i32 i64 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $case
    (local $a i32)
    (call $log (i32.const 2) (@text "before"))
    (call $subscribe (@text "a") (i32.const 0))
    (call $ok (@text "subscribe"))
    (local.set $a (i32.load (i32.const 4)))
    (call $log (i32.const 0) (@text "now"))
    (call $recv (local.get $a) (i64.const 0) (i32.const 0))
    (call $number (i32.load (i32.const 12)) (i32.const 1) (@text "messages"))
    (call $log (i32.const 3) (@text "of the other"))
    (call $recv (local.get $a) (i64.const 0) (i32.const 0))
    (call $number (i32.load (i32.const 12)) (i32.const 1) (@text "messages"))
    (call $log (i32.const 4) (@text "two\nlines"))))
