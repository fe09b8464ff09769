;;! interface = "process"
;;! covers = ["process-handle.write-stdin", "process-handle.close-stdin",
;;!   "process-handle.wait-with-output", "too-large", "closed"]
;;! real-time = true
;;! capabilities = { host_process = ["sh"] }
;; Input for a program in the background comes with the request, and later when it is kept open.
(module
  (import "astrid:process/host@1.1.0" "spawn-background" (func $background (param i32 i32)))
  (import "astrid:process/host@1.1.0" "[resource-drop]process-handle" (func $h-drop (param i32)))
  (import "astrid:process/host@1.1.0" "[method]process-handle.write-stdin"
    (func $h-write-stdin (param i32 i32 i32 i32)))
  (import "astrid:process/host@1.1.0" "[method]process-handle.close-stdin"
    (func $h-close-stdin (param i32 i32)))
  (import "astrid:process/host@1.1.0" "[method]process-handle.wait-with-output"
    (func $h-wait-with-output (param i32 i32 i64 i32)))
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
  (func $input (param $text i32) (param $bytes i32)
    (i32.store (i32.const 1040) (i32.const 1))
    (call $put (i32.const 1044) (local.get $text) (local.get $bytes)))
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
    (local $child i32)
    ;; Without a word about it there is nothing to read.
    (call $sh (@text "cat"))
    (local.set $child (call $start))
    (call $h-wait-with-output (local.get $child) (i32.const 0) (i64.const 0) (i32.const 0))
    (call $ok (@text "wait-with-output"))
    (call $number (i32.load (i32.const 8)) (i32.const 0) (@text "no input"))
    (call $code (i32.const 20) (i32.const 0) (@text "the end without input"))
    (call $h-drop (local.get $child))
    ;; What came with the request is all.
    (call $sh (@text "cat; echo no >&2"))
    (call $input (@text "first"))
    (local.set $child (call $start))
    (call $h-write-stdin (local.get $child) (@text "x") (i32.const 0))
    (call $error (@error "closed") (@text "input that was not kept open"))
    (call $h-wait-with-output (local.get $child) (i32.const 1) (i64.const 60000) (i32.const 0))
    (call $ok (@text "wait-with-output, with input"))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "first")
      (@text "input with the request"))
    (call $text (i32.load (i32.const 12)) (i32.load (i32.const 16)) (@text "no\n") (@text "errors"))
    (call $h-drop (local.get $child))
    ;; More follows.
    (call $sh (@text "cat"))
    (call $input (@text "first "))
    (call $keep-open)
    (local.set $child (call $start))
    (call $h-write-stdin (local.get $child) (call $room (i32.const 1048577) (i32.const 97))
      (i32.const 1048577) (i32.const 0))
    (call $error (@error "too-large") (@text "too much at once"))
    (call $h-write-stdin (local.get $child) (@text "second") (i32.const 0))
    (call $ok (@text "write-stdin"))
    (call $number (i32.load (i32.const 4)) (i32.const 6) (@text "all of it"))
    (call $h-write-stdin (local.get $child) (@text "") (i32.const 0))
    (call $ok (@text "nothing at all"))
    (call $h-close-stdin (local.get $child) (i32.const 0))
    (call $ok (@text "close-stdin"))
    (call $h-close-stdin (local.get $child) (i32.const 0))
    (call $ok (@text "close-stdin, once more"))
    (call $h-write-stdin (local.get $child) (@text "x") (i32.const 0))
    (call $error (@error "closed") (@text "input after the end of it"))
    (call $h-wait-with-output (local.get $child) (i32.const 0) (i64.const 0) (i32.const 0))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "first second")
      (@text "all input"))
    (call $h-drop (local.get $child))))
