;;! interface = "net"
;;! covers = ["bind-unix", "unix-listener.accept", "unix-listener.poll-accept", "unix-listener.subscribe-readiness", "unix-listener.drop"]
;;! real-time = true
;;! capabilities = { net_bind = ["unix:*"] }
;;! now = [{ dial = { token = ["hello", ""] } }]
;; A program that knows the token gets through to the capsule, which finds out that it waits, and both
;; exchange frames and bytes. All handles to the socket are of the same one, and dropping one closes
;; nothing.
(module
  (import "astrid:net/host@1.0.0" "bind-unix"
    (func $bind (param i32)))
  (import "astrid:net/host@1.0.0" "[method]unix-listener.accept"
    (func $accept (param i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]unix-listener.poll-accept"
    (func $poll-accept (param i32 i64 i32)))
  (import "astrid:net/host@1.0.0" "[method]unix-listener.subscribe-readiness"
    (func $readiness (param i32) (result i32)))
  (import "astrid:net/host@1.0.0" "[resource-drop]unix-listener"
    (func $drop-door (param i32)))
  (import "astrid:net/host@1.0.0" "[resource-drop]tcp-stream"
    (func $drop-stream (param i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read"
    (func $read (param i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write"
    (func $write (param i32 i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read-bytes"
    (func $read-bytes (param i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write-bytes"
    (func $write-bytes (param i32 i32 i32 i32)))
  (import "astrid:io/poll@1.0.0" "[method]pollable.ready" (func $ready (param i32) (result i32)))
  (import "astrid:io/poll@1.0.0" "[method]pollable.block" (func $block (param i32 i32)))
  (import "astrid:io/poll@1.0.0" "[resource-drop]pollable" (func $drop-pollable (param i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $open (result i32)
    (call $bind (i32.const 0))
    (call $ok (@text "bind-unix"))
    (i32.load (i32.const 4)))
  ;; Waits for a frame, which is this.
  (func $heard (param $stream i32) (param $text i32) (param $bytes i32)
    (loop $again
      (call $read (local.get $stream) (i32.const 0))
      (call $ok (@text "read"))
      (br_if $again (i32.eq (i32.load8_u (i32.const 4)) (i32.const 2))))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "a frame"))
    (call $text (i32.load (i32.const 8)) (i32.load (i32.const 12))
      (local.get $text) (local.get $bytes) (@text "what was said")))
  (func $case
    (local $door i32) (local $other i32) (local $ready i32) (local $stream i32)
    (local.set $door (call $open))
    (local.set $other (call $open))
    (call $drop-door (local.get $door))
    (call $poll-accept (local.get $other) (i64.const 1) (i32.const 0))
    (call $ok (@text "poll-accept"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "nobody came"))
    (local.set $ready (call $readiness (local.get $other)))
    (call $number (call $ready (local.get $ready)) (i32.const 0) (@text "nobody waits"))
    (call $log (i32.const 0) (@text "now"))
    (call $block (local.get $ready) (i32.const 0))
    (call $ok (@text "block"))
    (call $number (call $ready (local.get $ready)) (i32.const 1) (@text "somebody waits"))
    (call $drop-pollable (local.get $ready))
    (call $poll-accept (local.get $other) (i64.const 60000) (i32.const 0))
    (call $ok (@text "poll-accept of somebody"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 1) (@text "somebody came"))
    (local.set $stream (i32.load (i32.const 8)))
    (call $heard (local.get $stream) (@text "hello"))
    (call $heard (local.get $stream) (@text ""))
    (call $write (local.get $stream) (@text "and you?") (i32.const 0))
    (call $ok (@text "write"))
    (call $heard (local.get $stream) (@text "and you?"))
    (call $write-bytes (local.get $stream) (@text "\00\00\00\02ab") (i32.const 0))
    (call $ok (@text "write-bytes"))
    (call $number (i32.load (i32.const 4)) (i32.const 6) (@text "bytes that were taken"))
    (call $read-bytes (local.get $stream) (i32.const 4) (i32.const 0))
    (call $ok (@text "read-bytes"))
    (call $drop-stream (local.get $stream))
    (call $log (i32.const 0) (@text "now"))
    (call $accept (local.get $other) (i32.const 0))
    (call $ok (@text "accept"))
    (call $heard (i32.load (i32.const 4)) (@text "hello"))
    (call $drop-door (local.get $other))))
