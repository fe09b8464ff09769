;;! interface = "process"
;;! covers = ["watch", "unwatch", "unknown", "no-such-process"]
;;! real-time = true
;;! capabilities = { host_process = ["sh"], allow_persistent = true }
;; Nobody publishes what a program prints, and that is said; not to watch is easy.
(module
  (import "astrid:process/host@1.1.0" "spawn-persistent" (func $persistent (param i32 i32)))
  (import "astrid:process/host@1.1.0" "stop" (func $stop (param i32 i32 i32 i64 i32)))
  (import "astrid:process/host@1.1.0" "watch" (func $watch (param i32 i32 i32 i32 i32 i32)))
  (import "astrid:process/host@1.1.0" "unwatch" (func $unwatch (param i32 i32 i32)))
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
  ;; Starts what is asked for to stay, under the id that `$id` gives.
  (global $kept (mut i32) (i32.const 0))
  (func $id (result i32 i32)
    (i32.load (global.get $kept)) (i32.load offset=4 (global.get $kept)))
  (func $keep
    (global.set $kept (call $room (i32.const 8) (i32.const 0)))
    (call $persistent (i32.const 1024) (i32.const 0))
    (call $ok (@text "spawn-persistent"))
    (call $number (i32.load (i32.const 8)) (i32.const 52) (@text "the length of an id"))
    (call $put (global.get $kept) (i32.load (i32.const 4)) (i32.load (i32.const 8))))
  (func $case
    (call $watch (@text "nobody") (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
    (call $error (@error "no-such-process") (@text "watch of nobody"))
    (call $unwatch (@text "nobody") (i32.const 0))
    (call $ok (@text "unwatch of nobody"))
    (call $sh (@text ""))
    (call $keep)
    (call $watch (call $id) (i32.const 1) (@text "logs") (i32.const 0))
    (call $error (@error "unknown") (@text "watch"))
    (call $text (i32.load (i32.const 8)) (i32.load (i32.const 12))
      (@text "watching a process is not supported") (@text "what is said"))
    (call $unwatch (call $id) (i32.const 0))
    (call $ok (@text "unwatch"))
    (call $stop (call $id) (i32.const 0) (i64.const 0) (i32.const 0))
    (call $ok (@text "stop"))))
