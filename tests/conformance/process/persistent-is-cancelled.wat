;;! interface = "process"
;;! with = "sh"
;;! covers = ["wait", "stop", "spawn", "spawn-background", "spawn-persistent", "cancelled"]
;;! real-time = true
;;! fresh-only = "what it starts goes on"
;;! parked = [{ cancel = true }]
;;! capabilities = { host_process = ["sh"], allow_persistent = true }
;; When the capsule is unloaded a wait for a program that stays ends with `cancelled`, and so does what
;; would start or stop one.
(module
  (import "astrid:process/host@1.1.0" "spawn-persistent" (func $persistent (param i32 i32)))
  (import "astrid:process/host@1.1.0" "wait" (func $wait (param i32 i32 i64 i32)))
  (import "astrid:process/host@1.1.0" "stop" (func $stop (param i32 i32 i32 i64 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $case
    (local $id i32)
    (call $sh (@text "trap '' TERM; exec sleep 1000"))
    (call $persistent (i32.const 1024) (i32.const 0))
    (call $ok (@text "spawn-persistent"))
    (local.set $id (i32.load (i32.const 4)))
    (call $log (i32.const 0) (@text "parked"))
    (call $wait (local.get $id) (i32.const 52) (i64.const 600000) (i32.const 0))
    (call $error (@error "cancelled") (@text "wait"))
    (call $stop (local.get $id) (i32.const 52) (i32.const 1) (i64.const 30000) (i32.const 0))
    (call $error (@error "cancelled") (@text "stop"))
    (call $refused (@error "cancelled") (@text "spawn"))
    (call $background (i32.const 1024) (i32.const 0))
    (call $error (@error "cancelled") (@text "spawn-background"))
    (call $persistent (i32.const 1024) (i32.const 0))
    (call $error (@error "cancelled") (@text "spawn-persistent"))))
