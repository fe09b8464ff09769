;;! interface = "net"
;;! with = "tcp"
;;! covers = ["tcp-stream.read-bytes", "tcp-stream.peek", "tcp-stream.shutdown", "would-block"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;; Bytes come as they are there; peeking leaves them; a timeout of 0 never waits; the end is an empty
;; list.
(module
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read-bytes"
    (func $read-bytes (param i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write-bytes"
    (func $write-bytes (param i32 i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.peek" (func $peek (param i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.shutdown"
    (func $shutdown (param i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.set-read-timeout"
    (func $set-read-timeout (param i32 i32 i64 i32)))
  (func $case
    (call $pair)
    (call $set-read-timeout (global.get $server) (i32.const 1) (i64.const 0) (i32.const 0))
    (call $ok (@text "set the timeout"))
    (call $read-bytes (global.get $server) (i32.const 10) (i32.const 0))
    (call $error (@error "would-block") (@text "nothing there"))
    (call $peek (global.get $server) (i32.const 10) (i32.const 0))
    (call $error (@error "would-block") (@text "nothing to see"))
    (call $set-read-timeout (global.get $server) (i32.const 0) (i64.const 0) (i32.const 0))
    (call $write-bytes (global.get $client) (@text "abcdef") (i32.const 0))
    (call $ok (@text "write"))
    (call $peek (global.get $server) (i32.const 2) (i32.const 0))
    (call $ok (@text "peek"))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "ab") (@text "peeked"))
    (call $read-bytes (global.get $server) (i32.const 3) (i32.const 0))
    (call $ok (@text "read"))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "abc") (@text "read"))
    (call $read-bytes (global.get $server) (i32.const 0) (i32.const 0))
    (call $number (i32.load (i32.const 8)) (i32.const 0) (@text "no bytes were asked for"))
    (call $read-bytes (global.get $server) (i32.const 100) (i32.const 0))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "def") (@text "the rest"))
    (call $shutdown (global.get $client) (i32.const 1) (i32.const 0))
    (call $ok (@text "shutdown"))
    (call $read-bytes (global.get $server) (i32.const 100) (i32.const 0))
    (call $ok (@text "read at the end"))
    (call $number (i32.load (i32.const 8)) (i32.const 0) (@text "the end"))
    (call $drop-stream (global.get $client))
    (call $drop-stream (global.get $server))
    (call $drop-listener (global.get $listener))))
