;;! interface = "sys"
;;! covers = ["enumerate-capabilities"]
;;! capabilities = { uplink = true, net = ["example.com"], fs_write = ["home://"], fs_read = ["home://"], allow_prompt_injection = false, host_process = [] }
;; A capsule's own capabilities are listed by name, sorted. What is off or empty is not held.
(module
  (import "astrid:sys/host@1.0.0" "enumerate-capabilities" (func $enumerate (param i32)))
  (func $name (param $at i32) (param $wanted i32) (param $bytes i32)
    (local.set $at (i32.add (i32.load (i32.const 0)) (i32.mul (local.get $at) (i32.const 8))))
    (call $text (i32.load (local.get $at)) (i32.load offset=4 (local.get $at))
      (local.get $wanted) (local.get $bytes) (@text "a name")))
  (func $case
    (call $enumerate (i32.const 0))
    (call $number (i32.load (i32.const 4)) (i32.const 4) (@text "capabilities"))
    (call $name (i32.const 0) (@text "fs_read"))
    (call $name (i32.const 1) (@text "fs_write"))
    (call $name (i32.const 2) (@text "net"))
    (call $name (i32.const 3) (@text "uplink"))))
