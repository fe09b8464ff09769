;;! interface = "process"
;;! with = "sh"
;;! covers = ["spawn", "spawn-background", "process-handle.write-stdin", "process-handle.close-stdin", "process-handle.wait-with-output"]
;;! real-time = true
;;! fresh-only = "an instance has no room for it twice"
;;! capabilities = { host_process = ["sh"] }
;; A program is given 4 MiB with the request and 1 MiB with each call, all of it and in order, also when it
;; begins to read late. One that never reads keeps nobody waiting for its start or its end.
(module
  (import "astrid:process/host@1.1.0" "[method]process-handle.write-stdin"
    (func $h-write-stdin (param i32 i32 i32 i32)))
  (import "astrid:process/host@1.1.0" "[method]process-handle.close-stdin"
    (func $h-close-stdin (param i32 i32)))
  (import "astrid:process/host@1.1.0" "[method]process-handle.wait-with-output"
    (func $h-wait-with-output (param i32 i32 i64 i32)))
  (func $input (param $at i32) (param $bytes i32)
    (i32.store (i32.const 1040) (i32.const 1))
    (call $put (i32.const 1044) (local.get $at) (local.get $bytes)))
  (func $case
    (local $large i32) (local $child i32)
    (local.set $large (call $room (i32.const 4194304) (i32.const 97)))
    (i32.store8 offset=4194303 (local.get $large) (i32.const 98))
    (call $sh (@text "tr -d a | wc -c"))
    (call $input (local.get $large) (i32.const 4194304))
    (call $prints (@text "1\n") (@text "4 MiB, one byte of which is another"))
    (call $sh (@text "exit 3"))
    (call $input (local.get $large) (i32.const 4194304))
    (call $spawn (i32.const 1024) (i32.const 0))
    (call $ok (@text "one that does not read"))
    (call $number (i32.load (i32.const 24)) (i32.const 3) (@text "its code"))
    (call $sh (@text "sleep 0.2; wc -c"))
    (call $input (local.get $large) (i32.const 4194304))
    (call $keep-open)
    (local.set $child (call $start))
    (call $h-write-stdin (local.get $child) (local.get $large) (i32.const 1048576) (i32.const 0))
    (call $ok (@text "another mebibyte"))
    (call $number (i32.load (i32.const 4)) (i32.const 1048576) (@text "all of it"))
    (call $h-close-stdin (local.get $child) (i32.const 0))
    (call $ok (@text "close-stdin"))
    (call $h-wait-with-output (local.get $child) (i32.const 0) (i64.const 0) (i32.const 0))
    (call $ok (@text "wait-with-output"))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "5242880\n")
      (@text "all that it read"))
    (call $h-drop (local.get $child))))
