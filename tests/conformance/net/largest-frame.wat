;;! interface = "net"
;;! covers = ["tcp-stream.read", "tcp-stream.write"]
;;! real-time = true
;;! capabilities = { net_bind = ["unix:*"] }
;;! now = [{ dial = { token = ["hello"] } }]
;;! not-replayed = "recording so much takes too long"
;;! fresh-only = "an instance has no room for it twice"
;; A frame has 10 MiB at most, and one of that size comes whole. Above it, `read` says so.
(module
  (import "astrid:net/host@1.0.0" "bind-unix" (func $bind (param i32)))
  (import "astrid:net/host@1.0.0" "[method]unix-listener.accept" (func $accept (param i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read" (func $read (param i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write"
    (func $write (param i32 i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  ;; Waits until there is an answer.
  (func $hear (param $stream i32)
    (loop $again
      (call $read (local.get $stream) (i32.const 0))
      (br_if $again (i32.and (i32.eqz (i32.load8_u (i32.const 0)))
        (i32.eq (i32.load8_u (i32.const 4)) (i32.const 2))))))
  (func $case
    (local $stream i32) (local $frame i32)
    (call $bind (i32.const 0))
    (call $ok (@text "bind-unix"))
    (local.set $stream (i32.load (i32.const 4)))
    (call $log (i32.const 0) (@text "now"))
    (call $accept (local.get $stream) (i32.const 0))
    (call $ok (@text "accept"))
    (local.set $stream (i32.load (i32.const 4)))
    (call $hear (local.get $stream))
    (local.set $frame (call $room (i32.const 10485761) (i32.const 120)))
    (i32.store8 offset=10485759 (local.get $frame) (i32.const 121))
    (call $write (local.get $stream) (local.get $frame) (i32.const 10485760) (i32.const 0))
    (call $ok (@text "write of 10 MiB"))
    (call $hear (local.get $stream))
    (call $ok (@text "its echo"))
    (call $number (i32.load (i32.const 12)) (i32.const 10485760) (@text "bytes"))
    (call $number (i32.load8_u offset=10485759 (i32.load (i32.const 8))) (i32.const 121)
      (@text "the last one"))
    (call $write (local.get $stream) (local.get $frame) (i32.const 10485761) (i32.const 0))
    (call $ok (@text "write of a byte more"))
    (call $hear (local.get $stream))
    (call $error (@error "unknown") (@text "its echo"))))
