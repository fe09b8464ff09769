;;! interface = "sys"
;;! covers = ["get-caller", "signal-ready", "enumerate-capabilities", "random-bytes", "clock-ms", "sleep-ns"]
;;! phase = "install"
;;! capabilities = { uplink = true, net = ["example.com"] }
;; An install hook has no caller, and readiness is nothing to it. It has its own capabilities, except
;; what a hook cannot use, random bytes, and a clock.
(module
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "get-caller" (func $caller (param i32)))
  (import "astrid:sys/host@1.0.0" "signal-ready" (func $signal))
  (import "astrid:sys/host@1.0.0" "enumerate-capabilities" (func $enumerate (param i32)))
  (import "astrid:sys/host@1.0.0" "random-bytes" (func $random (param i64 i32)))
  (import "astrid:sys/host@1.0.0" "clock-ms" (func $clock (result i64)))
  (import "astrid:sys/host@1.0.0" "sleep-ns" (func $sleep (param i64 i32)))
  (func $case
    (local $time i64)
    (call $caller (i32.const 0))
    (call $ok (@text "get-caller"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "there is no principal"))
    (call $number (i32.load (i32.const 20)) (i32.const 0) (@text "bytes of the source id"))
    (call $number (i32.load (i32.const 28)) (i32.const 0) (@text "bytes of the time"))
    (call $signal)
    (call $enumerate (i32.const 0))
    (call $number (i32.load (i32.const 4)) (i32.const 2) (@text "capabilities"))
    (call $random (i64.const 8) (i32.const 0))
    (call $ok (@text "random bytes"))
    (local.set $time (call $clock))
    (call $sleep (i64.const 2000000) (i32.const 0))
    (call $ok (@text "sleep"))
    (call $equal (i64.sub (call $clock) (local.get $time)) (i64.const 2) (@text "milliseconds"))))
