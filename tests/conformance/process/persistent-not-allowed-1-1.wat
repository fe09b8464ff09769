;;! interface = "process"
;;! covers = ["spawn-persistent", "capability-denied"]
;;! real-time = true
;;! capabilities = { host_process = ["sh"] }
;; Programs stay only when the manifest allows it.
(module
  (import "astrid:process/host@1.1.0" "spawn-persistent" (func $persistent (param i32 i32)))
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
    (call $persistent (i32.const 1024) (i32.const 0))
    (call $error (local.get $case) (local.get $text) (local.get $bytes)))
  (func $case
    (call $sh (@text ""))
    (call $refused (@error "capability-denied") (@text "one that is to stay"))
    (call $put (i32.const 1024) (@text "ls"))
    (call $refused (@error "capability-denied") (@text "one that is not granted at all"))))
