;;! interface = "sys"
;;! covers = ["get-caller"]
;;! caller = "claimed"
;; The caller is who sent the message (claimed here), from which capsule, and when, in UTC with a numeric
;; offset.
(module
  (import "astrid:sys/host@1.0.0" "get-caller" (func $caller (param i32)))
  (func $case
    (call $caller (i32.const 0))
    (call $ok (@text "get-caller"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 1) (@text "there is a principal"))
    (call $text (i32.load (i32.const 8)) (i32.load (i32.const 12))
      (global.get $who) (global.get $who-bytes) (@text "the principal"))
    (call $text (i32.load (i32.const 16)) (i32.load (i32.const 20))
      (@text "00000000-0000-0000-0000-000000000007") (@text "the source id"))
    (call $text (i32.load (i32.const 24)) (i32.load (i32.const 28))
      (@text "2020-01-01T00:00:05.250000000+00:00") (@text "the time"))))
