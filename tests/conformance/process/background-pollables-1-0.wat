;;! interface = "process@1.0.0"
;;! covers = ["process-handle.subscribe-exit", "process-handle.subscribe-logs"]
;;! real-time = true
;;! capabilities = { host_process = ["sh"] }
;; A pollable of a program is ready when it has printed, or has ended, and outlives its handle.
(module
  (import "astrid:process/host@1.0.0" "spawn-background" (func $background (param i32 i32)))
  (import "astrid:process/host@1.0.0" "[resource-drop]process-handle" (func $h-drop (param i32)))
  (import "astrid:process/host@1.0.0" "[method]process-handle.read-logs"
    (func $h-read-logs (param i32 i32)))
  (import "astrid:process/host@1.0.0" "[method]process-handle.write-stdin"
    (func $h-write-stdin (param i32 i32 i32 i32)))
  (import "astrid:process/host@1.0.0" "[method]process-handle.wait"
    (func $h-wait (param i32 i32 i64 i32)))
  (import "astrid:process/host@1.0.0" "[method]process-handle.subscribe-exit"
    (func $h-subscribe-exit (param i32) (result i32)))
  (import "astrid:process/host@1.0.0" "[method]process-handle.subscribe-logs"
    (func $h-subscribe-logs (param i32) (result i32)))
  (import "astrid:io/poll@1.0.0" "[method]pollable.block" (func $block (param i32 i32)))
  (import "astrid:io/poll@1.0.0" "[method]pollable.ready" (func $ready (param i32) (result i32)))
  (import "astrid:io/poll@1.0.0" "[resource-drop]pollable" (func $drop-pollable (param i32)))
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
  (func $keep-open
    (i32.store16 (i32.const 1140) (i32.const 257)))
  ;; Starts what is asked for in the background.
  (func $start (result i32)
    (call $background (i32.const 1024) (i32.const 0))
    (call $ok (@text "spawn-background"))
    (i32.load (i32.const 4)))
  ;; The `exit-info` at this address says that there was a code, or a signal.
  (func $code (param $at i32) (param $code i32) (param $text i32) (param $bytes i32)
    (call $number (i32.load8_u (local.get $at)) (i32.const 1) (local.get $text) (local.get $bytes))
    (call $number (i32.load offset=4 (local.get $at)) (local.get $code)
      (local.get $text) (local.get $bytes))
    (call $number (i32.load8_u offset=8 (local.get $at)) (i32.const 0)
      (local.get $text) (local.get $bytes)))
  (func $case
    (local $child i32) (local $exit i32) (local $logs i32)
    (call $sh (@text "read line; echo out; read line; exit 5"))
    (call $keep-open)
    (local.set $child (call $start))
    (local.set $exit (call $h-subscribe-exit (local.get $child)))
    (local.set $logs (call $h-subscribe-logs (local.get $child)))
    (call $number (call $ready (local.get $exit)) (i32.const 0) (@text "exit, at first"))
    (call $number (call $ready (local.get $logs)) (i32.const 0) (@text "logs, at first"))
    (call $h-write-stdin (local.get $child) (@text "\n") (i32.const 0))
    (call $block (local.get $logs) (i32.const 0))
    (call $ok (@text "logs, after a line"))
    (call $number (call $ready (local.get $exit)) (i32.const 0) (@text "exit, after a line"))
    (call $h-read-logs (local.get $child) (i32.const 0))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "out\n")
      (@text "the line"))
    (call $number (call $ready (local.get $logs)) (i32.const 0) (@text "logs, when all is read"))
    (call $h-write-stdin (local.get $child) (@text "\n") (i32.const 0))
    (call $block (local.get $exit) (i32.const 0))
    (call $ok (@text "exit"))
    (call $number (call $ready (local.get $logs)) (i32.const 1) (@text "logs, at the end"))
    (call $h-wait (local.get $child) (i32.const 1) (i64.const 0) (i32.const 0))
    (call $code (i32.const 4) (i32.const 5) (@text "its code"))
    (call $drop-pollable (local.get $exit))
    (call $drop-pollable (local.get $logs))
    (call $h-drop (local.get $child))
    ;; The program ends with its handle.
    (call $sh (@text "exec sleep 1000"))
    (local.set $child (call $start))
    (local.set $exit (call $h-subscribe-exit (local.get $child)))
    (call $h-drop (local.get $child))
    (call $block (local.get $exit) (i32.const 0))
    (call $ok (@text "exit, when the handle is gone"))
    (call $drop-pollable (local.get $exit))))
