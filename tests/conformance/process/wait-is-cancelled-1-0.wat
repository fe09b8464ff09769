;;! interface = "process@1.0.0"
;;! covers = ["process-handle.wait", "cancelled"]
;;! parked = [{ cancel = true }]
;;! real-time = true
;;! capabilities = { host_process = ["sh"] }
;; A wait for a program ends with `cancelled` when the capsule is unloaded.
(module
  (import "astrid:process/host@1.0.0" "spawn-background" (func $background (param i32 i32)))
  (import "astrid:process/host@1.0.0" "[method]process-handle.wait"
    (func $h-wait (param i32 i32 i64 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  ;; A request for `sh -c` with this script, at address 1024; its arguments are at 1280.
  (func $sh (param $script i32) (param $bytes i32)
    (memory.fill (i32.const 1024) (i32.const 0) (i32.const 512))
    (call $put (i32.const 1024) (@text "sh"))
    (i32.store (i32.const 1032) (i32.const 1280))
    (i32.store (i32.const 1036) (i32.const 2))
    (call $put (i32.const 1280) (@text "-c"))
    (call $put (i32.const 1288) (local.get $script) (local.get $bytes)))
  (func $put (param $at i32) (param $text i32) (param $bytes i32)
    (i32.store (local.get $at) (local.get $text))
    (i32.store offset=4 (local.get $at) (local.get $bytes)))
  ;; Starts what is asked for in the background.
  (func $start (result i32)
    (call $background (i32.const 1024) (i32.const 0))
    (call $ok (@text "spawn-background"))
    (i32.load (i32.const 4)))
  (func $case
    (local $child i32)
    (call $sh (@text "exec sleep 1000"))
    (local.set $child (call $start))
    (call $log (i32.const 0) (@text "parked"))
    (call $h-wait (local.get $child) (i32.const 0) (i64.const 0) (i32.const 0))
    (call $error (@error "cancelled") (@text "wait"))))
