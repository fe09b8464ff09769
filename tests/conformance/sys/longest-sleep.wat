;;! interface = "sys"
;;! covers = ["sleep-ns", "too-large"]
;; A sleep of a minute is possible; one nanosecond more is refused at once, and nobody sleeps.
(module
  (import "astrid:sys/host@1.0.0" "clock-monotonic-ns" (func $monotonic (result i64)))
  (import "astrid:sys/host@1.0.0" "sleep-ns" (func $sleep (param i64 i32)))
  (func $case
    (local $time i64)
    (local.set $time (call $monotonic))
    (call $sleep (i64.const 60000000001) (i32.const 0))
    (call $error (@error "too-large") (@text "a minute and a nanosecond"))
    (call $sleep (i64.const -1) (i32.const 0))
    (call $error (@error "too-large") (@text "the longest sleep that can be written down"))
    (call $equal (i64.sub (call $monotonic) (local.get $time)) (i64.const 0)
      (@text "nanoseconds that passed"))
    (call $sleep (i64.const 60000000000) (i32.const 0))
    (call $ok (@text "a minute"))
    (call $sleep (i64.const 0) (i32.const 0))
    (call $ok (@text "nothing"))))
