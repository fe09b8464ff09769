;;! interface = "sys"
;;! covers = ["clock-ms", "clock-monotonic-ns", "sleep-ns"]
;; Under a virtual clock time stands still while the guest computes, and moves by exactly what it
;; sleeps.
(module
  (import "astrid:sys/host@1.0.0" "clock-ms" (func $clock (result i64)))
  (import "astrid:sys/host@1.0.0" "clock-monotonic-ns" (func $monotonic (result i64)))
  (import "astrid:sys/host@1.0.0" "sleep-ns" (func $sleep (param i64 i32)))
  (func $case
    (local $wall i64)
    (local $time i64)
    (local.set $wall (call $clock))
    (local.set $time (call $monotonic))
    (call $check (i64.ge_u (local.get $wall) (i64.const 1577836800000))
      (@text "the clock starts in 2020"))
    (call $equal (i64.sub (call $monotonic) (local.get $time)) (i64.const 0)
      (@text "nanoseconds without sleep"))
    (call $sleep (i64.const 1500000000) (i32.const 0))
    (call $ok (@text "sleep"))
    (call $equal (i64.sub (call $clock) (local.get $wall)) (i64.const 1500)
      (@text "milliseconds of sleep"))
    (call $equal (i64.sub (call $monotonic) (local.get $time)) (i64.const 1500000000)
      (@text "nanoseconds of sleep"))))
