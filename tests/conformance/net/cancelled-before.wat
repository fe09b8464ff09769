;;! interface = "net"
;;! with = "tcp"
;;! covers = ["connect-tcp", "lookup-host", "tcp-listener.accept", "tcp-stream.read", "tcp-stream.write", "tcp-stream.read-bytes", "tcp-stream.write-bytes", "tcp-stream.peek", "closed"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;;! now = [{ cancel = true }]
;;! fresh-only = "what it opens stays open"
;; To a call that was ended from outside whatever might wait is `closed`, also where it would not have had
;; to: nothing is connected, read or written any more. What an option is can still be asked.
(module
  (import "astrid:net/host@1.0.0" "lookup-host" (func $lookup (param i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read" (func $read (param i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write"
    (func $write (param i32 i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read-bytes"
    (func $read-bytes (param i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write-bytes"
    (func $write-bytes (param i32 i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.peek" (func $peek (param i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.nodelay" (func $nodelay (param i32 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $case
    (local $port i32)
    (call $pair)
    (local.set $port (call $port (global.get $listener)))
    (call $write-bytes (global.get $client) (@text "\00\00\00\01x") (i32.const 0))
    (call $ok (@text "a frame"))
    (call $log (i32.const 0) (@text "now"))
    (call $connect (@text "127.0.0.1") (local.get $port) (i32.const 0))
    (call $error (@error "closed") (@text "connect-tcp"))
    (call $lookup (@text "127.0.0.1") (i32.const 0))
    (call $error (@error "closed") (@text "lookup-host"))
    (call $accept (global.get $listener) (i32.const 0))
    (call $error (@error "closed") (@text "accept"))
    (call $read (global.get $server) (i32.const 0))
    (call $ok (@text "read"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 1) (@text "is the end"))
    (call $read-bytes (global.get $server) (i32.const 9) (i32.const 0))
    (call $error (@error "closed") (@text "read-bytes"))
    (call $peek (global.get $server) (i32.const 9) (i32.const 0))
    (call $error (@error "closed") (@text "peek"))
    (call $write (global.get $server) (@text "x") (i32.const 0))
    (call $error (@error "closed") (@text "write"))
    (call $write-bytes (global.get $server) (@text "x") (i32.const 0))
    (call $error (@error "closed") (@text "write-bytes"))
    (call $nodelay (global.get $server) (i32.const 0))
    (call $ok (@text "an option"))))
