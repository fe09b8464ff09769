;;! interface = "process@1.0.0"
;;! covers = ["spawn", "cancelled"]
;;! parked = [{ cancel = true }]
;;! real-time = true
;;! capabilities = { host_process = ["sh"] }
;; A program that is waited for ends with `cancelled` when the capsule is unloaded.
(module
  (import "astrid:process/host@1.0.0" "spawn" (func $spawn (param i32 i32)))
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
  (func $refused (param $case i32) (param $text i32) (param $bytes i32)
    (call $spawn (i32.const 1024) (i32.const 0))
    (call $error (local.get $case) (local.get $text) (local.get $bytes)))
  (func $case
    (call $sh (@text "exec sleep 1000"))
    (call $log (i32.const 0) (@text "parked"))
    (call $refused (@error "cancelled") (@text "spawn"))))
