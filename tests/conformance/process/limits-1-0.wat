;;! interface = "process@1.0.0"
;;! covers = ["spawn"]
;;! real-time = true
;;! capabilities = { host_process = ["sh"] }
;; The limits of a request hold for the program, and it may not raise them.
(module
  (import "astrid:process/host@1.0.0" "spawn" (func $spawn (param i32 i32)))
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
  (func $case
    (call $sh (@text "ulimit -n; ulimit -n 100 2>&- || echo denied"))
    (i32.store8 (i32.const 1072) (i32.const 1))
    (i32.store8 (i32.const 1120) (i32.const 1))
    (i32.store (i32.const 1124) (i32.const 16))
    (i32.store8 (i32.const 1072) (i32.const 1))
    (call $spawn (i32.const 1024) (i32.const 0))
    (call $ok (@text "spawn"))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "16\ndenied\n")
      (@text "the files it may open"))
    (call $number (i32.load8_u (i32.const 28)) (i32.const 0) (@text "no signal"))))
