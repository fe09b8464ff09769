;;! interface = "sys"
;;! covers = ["clock-ms", "clock-monotonic-ns", "sleep-ns"]
;;! real-time = true
;; By the clock of the machine a sleep takes at least as long as it was to take, and time never goes
;; back.
(module
  (import "astrid:sys/host@1.0.0" "clock-ms" (func $clock (result i64)))
  (import "astrid:sys/host@1.0.0" "clock-monotonic-ns" (func $monotonic (result i64)))
  (import "astrid:sys/host@1.0.0" "sleep-ns" (func $sleep (param i64 i32)))
  (func $case
    (local $time i64)
    (call $check (i64.ge_u (call $clock) (i64.const 1700000000000)) (@text "it is after 2023"))
    (local.set $time (call $monotonic))
    (call $check (i64.ge_u (call $monotonic) (local.get $time)) (@text "time goes on"))
    (local.set $time (call $monotonic))
    (call $sleep (i64.const 10000000) (i32.const 0))
    (call $ok (@text "sleep"))
    (call $check
      (i64.ge_u (i64.sub (call $monotonic) (local.get $time)) (i64.const 10000000))
      (@text "it slept for 10 ms"))
    (call $sleep (i64.const 0) (i32.const 0))
    (call $ok (@text "sleep of nothing"))))
