;;! interface = "net"
;;! with = "tcp"
;;! covers = ["tcp-stream.write-bytes", "unknown"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;; A length that comes in pieces is put together, and one above 10 MiB is an error.
(module
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read" (func $read (param i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write-bytes"
    (func $write-bytes (param i32 i32 i32 i32)))
  (func $case
    (call $pair)
    (call $write-bytes (global.get $client) (@text "\00\00") (i32.const 0))
    (call $ok (@text "two bytes"))
    (call $number (i32.load (i32.const 4)) (i32.const 2) (@text "how many were sent"))
    (call $read (global.get $server) (i32.const 0))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 2) (@text "half a length is pending"))
    (call $write-bytes (global.get $client) (@text "\00\02ab") (i32.const 0))
    (call $read (global.get $server) (i32.const 0))
    (call $ok (@text "read"))
    (call $text (i32.load (i32.const 8)) (i32.load (i32.const 12)) (@text "ab") (@text "the frame"))
    (call $write-bytes (global.get $client) (@text "\00\a0\00\01") (i32.const 0))
    (call $read (global.get $server) (i32.const 0))
    (call $error (@error "unknown") (@text "a frame of 10 MiB and a byte"))
    (call $drop-stream (global.get $client))
    (call $drop-stream (global.get $server))
    (call $drop-listener (global.get $listener))))
