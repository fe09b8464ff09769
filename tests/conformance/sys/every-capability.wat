;;! interface = "sys"
;;! covers = ["enumerate-capabilities"]
;;! capabilities = { uplink = true, net_connect = ["example.com:443"], net_bind = ["unix:*"], net = ["example.com"], kv = ["x"], identity = ["resolve"], host_process = ["sh"], fs_write = ["*"], fs_read = ["*"], allow_prompt_injection = true, allow_persistent = true, bind_workers = 2 }
;;! publish = ["a"]
;; There are eleven capabilities; topics are none, and neither is a number of workers.
(module
  (import "astrid:sys/host@1.0.0" "enumerate-capabilities" (func $enumerate (param i32)))
  (func $name (param $at i32) (param $wanted i32) (param $bytes i32)
    (local.set $at (i32.add (i32.load (i32.const 0)) (i32.mul (local.get $at) (i32.const 8))))
    (call $text (i32.load (local.get $at)) (i32.load offset=4 (local.get $at))
      (local.get $wanted) (local.get $bytes) (local.get $wanted) (local.get $bytes)))
  (func $case
    (call $enumerate (i32.const 0))
    (call $number (i32.load (i32.const 4)) (i32.const 11) (@text "capabilities"))
    (call $name (i32.const 0) (@text "allow_persistent"))
    (call $name (i32.const 1) (@text "allow_prompt_injection"))
    (call $name (i32.const 2) (@text "fs_read"))
    (call $name (i32.const 3) (@text "fs_write"))
    (call $name (i32.const 4) (@text "host_process"))
    (call $name (i32.const 5) (@text "identity"))
    (call $name (i32.const 6) (@text "kv"))
    (call $name (i32.const 7) (@text "net"))
    (call $name (i32.const 8) (@text "net_bind"))
    (call $name (i32.const 9) (@text "net_connect"))
    (call $name (i32.const 10) (@text "uplink"))))
