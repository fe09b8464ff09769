;;! interface = "net"
;;! with = "tcp"
;;! covers = ["tcp-stream.shutdown", "tcp-stream.write-bytes", "unknown", "connection-reset"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;; Each direction of a connection is shut on its own: what is shut to receive is at its end, what is shut
;; to send takes nothing more, and a connection that is no longer there cannot be shut.
(module
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read-bytes"
    (func $read-bytes (param i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write-bytes"
    (func $write-bytes (param i32 i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write"
    (func $write (param i32 i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.shutdown"
    (func $shutdown (param i32 i32 i32)))
  (func $case
    (call $pair)
    (call $shutdown (global.get $client) (i32.const 0) (i32.const 0))
    (call $ok (@text "shutdown to receive"))
    (call $read-bytes (global.get $client) (i32.const 9) (i32.const 0))
    (call $ok (@text "read"))
    (call $number (i32.load (i32.const 8)) (i32.const 0) (@text "is at its end"))
    (call $write-bytes (global.get $client) (@text "x") (i32.const 0))
    (call $ok (@text "write the other way"))
    (call $read-bytes (global.get $server) (i32.const 9) (i32.const 0))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "x") (@text "what came"))
    (call $shutdown (global.get $server) (i32.const 2) (i32.const 0))
    (call $ok (@text "shutdown of both"))
    (call $write-bytes (global.get $server) (@text "x") (i32.const 0))
    (call $error (@error "unknown") (@text "bytes into what is shut"))
    (call $write (global.get $server) (@text "x") (i32.const 0))
    (call $error (@error "connection-reset") (@text "a frame into what is shut"))
    (call $drop-stream (global.get $client))
    (call $drop-stream (global.get $server))
    (call $drop-listener (global.get $listener))))
