;;! interface = "process"
;;! covers = ["spawn-background", "capability-denied", "closed", "wait-timeout",
;;!   "process-handle.read-logs", "process-handle.wait", "process-handle.os-pid",
;;!  "process-handle.wait-with-output", "process-handle.drop"]
;;! real-time = true
;;! capabilities = { host_process = ["sh"] }
;; A program in the background is read while it runs and after it has ended, as often as one likes.
(module
  (import "astrid:process/host@1.1.0" "spawn-background" (func $background (param i32 i32)))
  (import "astrid:process/host@1.1.0" "[resource-drop]process-handle" (func $h-drop (param i32)))
  (import "astrid:process/host@1.1.0" "[method]process-handle.read-logs"
    (func $h-read-logs (param i32 i32)))
  (import "astrid:process/host@1.1.0" "[method]process-handle.write-stdin"
    (func $h-write-stdin (param i32 i32 i32 i32)))
  (import "astrid:process/host@1.1.0" "[method]process-handle.signal"
    (func $h-signal (param i32 i32 i32)))
  (import "astrid:process/host@1.1.0" "[method]process-handle.wait"
    (func $h-wait (param i32 i32 i64 i32)))
  (import "astrid:process/host@1.1.0" "[method]process-handle.wait-with-output"
    (func $h-wait-with-output (param i32 i32 i64 i32)))
  (import "astrid:process/host@1.1.0" "[method]process-handle.os-pid"
    (func $h-os-pid (param i32 i32)))
  (import "astrid:process/host@1.1.0" "[method]process-handle.subscribe-logs"
    (func $h-subscribe-logs (param i32) (result i32)))
  (import "astrid:io/poll@1.0.0" "[method]pollable.block" (func $block (param i32 i32)))
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
    (i32.store16 (i32.const 1148) (i32.const 257)))
  ;; Starts what is asked for in the background.
  (func $start (result i32)
    (call $background (i32.const 1024) (i32.const 0))
    (call $ok (@text "spawn-background"))
    (i32.load (i32.const 4)))
  ;; What a child has said so far is this, as soon as it has said anything.
  (func $says (param $child i32) (param $line i32) (param $bytes i32)
    (local $printed i32)
    (local.set $printed (call $h-subscribe-logs (local.get $child)))
    (call $block (local.get $printed) (i32.const 0))
    (call $drop-pollable (local.get $printed))
    (call $h-read-logs (local.get $child) (i32.const 0))
    (call $ok (@text "read-logs"))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8))
      (local.get $line) (local.get $bytes) (local.get $line) (local.get $bytes)))
  ;; The `exit-info` at this address says that there was a code, or a signal.
  (func $code (param $at i32) (param $code i32) (param $text i32) (param $bytes i32)
    (call $number (i32.load8_u (local.get $at)) (i32.const 1) (local.get $text) (local.get $bytes))
    (call $number (i32.load offset=4 (local.get $at)) (local.get $code)
      (local.get $text) (local.get $bytes))
    (call $number (i32.load8_u offset=8 (local.get $at)) (i32.const 0)
      (local.get $text) (local.get $bytes)))
  (func $case
    (local $child i32)
    (call $sh (@text "echo one; echo two >&2; read line; echo $line; exit 3"))
    (call $keep-open)
    (local.set $child (call $start))
    (call $says (local.get $child) (@text "one\n"))
    (call $number (i32.load8_u (i32.const 20)) (i32.const 1) (@text "it runs"))
    (call $number (i32.load8_u (i32.const 24)) (i32.const 0) (@text "no exit yet"))
    (call $h-os-pid (local.get $child) (i32.const 0))
    (call $ok (@text "os-pid"))
    (call $check (i32.gt_u (i32.load (i32.const 4)) (i32.const 1))
      (@text "the number of a process"))
    (call $h-wait (local.get $child) (i32.const 1) (i64.const 0) (i32.const 0))
    (call $error (@error "wait-timeout") (@text "wait, while it runs"))
    (call $h-wait-with-output (local.get $child) (i32.const 1) (i64.const 1) (i32.const 0))
    (call $error (@error "wait-timeout") (@text "wait-with-output, while it runs"))
    (call $h-write-stdin (local.get $child) (@text "three\n") (i32.const 0))
    (call $ok (@text "write-stdin"))
    (call $number (i32.load (i32.const 4)) (i32.const 6) (@text "the bytes it took"))
    (call $h-wait (local.get $child) (i32.const 0) (i64.const 0) (i32.const 0))
    (call $ok (@text "wait"))
    (call $code (i32.const 4) (i32.const 3) (@text "how it ended"))
    (call $h-wait (local.get $child) (i32.const 0) (i64.const 0) (i32.const 0))
    (call $ok (@text "wait, once more"))
    (call $code (i32.const 4) (i32.const 3) (@text "how it ended, once more"))
    (call $h-read-logs (local.get $child) (i32.const 0))
    (call $ok (@text "read-logs"))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "three\n")
      (@text "the rest of the output"))
    (call $number (i32.load8_u (i32.const 20)) (i32.const 0) (@text "it runs no more"))
    (call $number (i32.load8_u (i32.const 24)) (i32.const 1) (@text "the exit is told"))
    (call $code (i32.const 28) (i32.const 3) (@text "the exit"))
    (call $h-read-logs (local.get $child) (i32.const 0))
    (call $number (i32.load8_u (i32.const 24)) (i32.const 1) (@text "the exit is told again"))
    (call $code (i32.const 28) (i32.const 3) (@text "the exit, again"))
    (call $number (i32.load (i32.const 8)) (i32.const 0) (@text "what was read is gone"))
    (call $h-os-pid (local.get $child) (i32.const 0))
    (call $error (@error "closed") (@text "the number of a process that is gone"))
    (call $h-signal (local.get $child) (i32.const 0) (i32.const 0))
    (call $error (@error "closed") (@text "a signal to it"))
    (call $h-write-stdin (local.get $child) (@text "x") (i32.const 0))
    (call $error (@error "closed") (@text "input for it"))
    (call $h-drop (local.get $child))
    (call $put (i32.const 1024) (@text "ls"))
    (call $background (i32.const 1024) (i32.const 0))
    (call $error (@error "capability-denied") (@text "a program that is not granted"))))
