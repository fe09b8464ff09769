;;! interface = "process"
;;! with = "sh"
;;! covers = ["spawn-background", "capability-denied", "process-handle.read-logs", "process-handle.write-stdin", "process-handle.close-stdin", "process-handle.signal", "process-handle.kill", "process-handle.wait", "process-handle.wait-with-output", "process-handle.os-pid", "process-handle.subscribe-exit"]
;;! phase = "run"
;;! real-time = true
;;! subscribe = ["a"]
;;! capabilities = { host_process = ["sh"] }
;;! files = { "home/other/.gitkeep" = "" }
;;! default-only = "the messages are from both principals, so that either can be the owner's"
;;! now = [{ publish = { topic = "a", payload = "1", from = "other" } }, { publish = { topic = "a", payload = "2", from = "default" } }]
;; A handle that a loop got while it acted for one principal is of no use to it while it acts for another,
;; and works again when it acts for the first.
(module
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.recv"
    (func $recv (param i32 i64 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (import "astrid:process/host@1.1.0" "[method]process-handle.read-logs"
    (func $h-read-logs (param i32 i32)))
  (import "astrid:process/host@1.1.0" "[method]process-handle.write-stdin"
    (func $h-write-stdin (param i32 i32 i32 i32)))
  (import "astrid:process/host@1.1.0" "[method]process-handle.close-stdin"
    (func $h-close-stdin (param i32 i32)))
  (import "astrid:process/host@1.1.0" "[method]process-handle.signal"
    (func $h-signal (param i32 i32 i32)))
  (import "astrid:process/host@1.1.0" "[method]process-handle.kill" (func $h-kill (param i32 i32)))
  (import "astrid:process/host@1.1.0" "[method]process-handle.wait"
    (func $h-wait (param i32 i32 i64 i32)))
  (import "astrid:process/host@1.1.0" "[method]process-handle.wait-with-output"
    (func $h-wait-with-output (param i32 i32 i64 i32)))
  (import "astrid:process/host@1.1.0" "[method]process-handle.os-pid"
    (func $h-os-pid (param i32 i32)))
  (import "astrid:process/host@1.1.0" "[method]process-handle.subscribe-exit"
    (func $h-subscribe-exit (param i32) (result i32)))
  (import "astrid:io/poll@1.0.0" "[method]pollable.ready" (func $ready (param i32) (result i32)))
  (func $next (param $subscription i32)
    (call $recv (local.get $subscription) (i64.const 0) (i32.const 0))
    (call $ok (@text "an envelope"))
    (call $number (i32.load (i32.const 12)) (i32.const 1) (@text "messages")))
  (func $denied (param $text i32) (param $bytes i32)
    (call $error (@error "capability-denied") (local.get $text) (local.get $bytes)))
  (func $case
    (local $a i32) (local $child i32)
    (call $subscribe (@text "a") (i32.const 0))
    (call $ok (@text "subscribe"))
    (local.set $a (i32.load (i32.const 4)))
    (call $log (i32.const 0) (@text "now"))
    (call $next (local.get $a))
    (call $sh (@text "read line; exit 5"))
    (call $keep-open)
    (local.set $child (call $start))
    (call $next (local.get $a))
    (call $h-read-logs (local.get $child) (i32.const 0))
    (call $denied (@text "read-logs"))
    (call $h-write-stdin (local.get $child) (@text "\n") (i32.const 0))
    (call $denied (@text "write-stdin"))
    (call $h-close-stdin (local.get $child) (i32.const 0))
    (call $denied (@text "close-stdin"))
    (call $h-signal (local.get $child) (i32.const 0) (i32.const 0))
    (call $denied (@text "signal"))
    (call $h-kill (local.get $child) (i32.const 0))
    (call $denied (@text "kill"))
    (call $h-wait (local.get $child) (i32.const 1) (i64.const 0) (i32.const 0))
    (call $denied (@text "wait"))
    (call $h-wait-with-output (local.get $child) (i32.const 1) (i64.const 0) (i32.const 0))
    (call $denied (@text "wait-with-output"))
    (call $h-os-pid (local.get $child) (i32.const 0))
    (call $denied (@text "os-pid"))
    (call $number (call $ready (call $h-subscribe-exit (local.get $child))) (i32.const 1)
      (@text "a pollable of it tells nothing"))
    (call $log (i32.const 0) (@text "now"))
    (call $next (local.get $a))
    (call $h-write-stdin (local.get $child) (@text "\n") (i32.const 0))
    (call $ok (@text "write-stdin of the one who started it"))
    (call $h-wait (local.get $child) (i32.const 0) (i64.const 0) (i32.const 0))
    (call $ok (@text "wait"))
    (call $number (i32.load (i32.const 8)) (i32.const 5) (@text "its code"))))
