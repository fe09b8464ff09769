;;! interface = "process"
;;! with = "sh"
;;! covers = ["process-handle.read-logs", "process-handle.write-stdin"]
;;! real-time = true
;;! capabilities = { host_process = ["sh"] }
;; A letter that is printed in pieces is read once it is whole; half a letter at the end is replaced.
(module
  (import "astrid:process/host@1.1.0" "[method]process-handle.read-logs"
    (func $h-read-logs (param i32 i32)))
  (import "astrid:process/host@1.1.0" "[method]process-handle.write-stdin"
    (func $h-write-stdin (param i32 i32 i32 i32)))
  (import "astrid:process/host@1.1.0" "[method]process-handle.wait"
    (func $h-wait (param i32 i32 i64 i32)))
  (import "astrid:process/host@1.1.0" "[method]process-handle.subscribe-logs"
    (func $h-subscribe-logs (param i32) (result i32)))
  (import "astrid:io/poll@1.0.0" "[method]pollable.block" (func $block (param i32 i32)))
  (import "astrid:io/poll@1.0.0" "[resource-drop]pollable" (func $drop-pollable (param i32)))
  ;; What has been printed is this, once it is there.
  (func $says (param $child i32) (param $wanted i32) (param $bytes i32)
    (local $printed i32)
    (local.set $printed (call $h-subscribe-logs (local.get $child)))
    (call $block (local.get $printed) (i32.const 0))
    (call $drop-pollable (local.get $printed))
    (call $h-read-logs (local.get $child) (i32.const 0))
    (call $ok (@text "read-logs"))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8))
      (local.get $wanted) (local.get $bytes) (local.get $wanted) (local.get $bytes)))
  (func $case
    (local $child i32)
    (call $sh (@text "printf 'a\\303'; read l; printf '\\244b'; read l; printf '\\303'"))
    (call $keep-open)
    (local.set $child (call $start))
    (call $says (local.get $child) (@text "a"))
    (call $h-write-stdin (local.get $child) (@text "\n") (i32.const 0))
    (call $ok (@text "write-stdin"))
    (call $says (local.get $child) (@text "\u{e4}b"))
    (call $h-write-stdin (local.get $child) (@text "\n") (i32.const 0))
    (call $ok (@text "write-stdin"))
    (call $h-wait (local.get $child) (i32.const 0) (i64.const 0) (i32.const 0))
    (call $ok (@text "wait"))
    (call $h-read-logs (local.get $child) (i32.const 0))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "\u{fffd}")
      (@text "half a letter at the end"))
    (call $h-drop (local.get $child))))
