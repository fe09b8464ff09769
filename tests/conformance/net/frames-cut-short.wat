;;! interface = "net"
;;! with = "tcp"
;;! covers = ["tcp-stream.read"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;; A peer that goes in the middle of a frame, or of its length, is `closed`, and nothing of the frame is
;; data.
(module
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read" (func $read (param i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write-bytes"
    (func $write-bytes (param i32 i32 i32 i32)))
  (func $cut-after (param $sent i32) (param $bytes i32) (param $text i32) (param $text-bytes i32)
    (call $pair)
    (call $write-bytes (global.get $client) (local.get $sent) (local.get $bytes) (i32.const 0))
    (call $ok (local.get $text) (local.get $text-bytes))
    (call $drop-stream (global.get $client))
    (call $read (global.get $server) (i32.const 0))
    (call $ok (local.get $text) (local.get $text-bytes))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 1)
      (local.get $text) (local.get $text-bytes))
    (call $drop-stream (global.get $server))
    (call $drop-listener (global.get $listener)))
  (func $case
    (call $cut-after (@text "\00\00\00\05ab") (@text "after two bytes of five"))
    (call $cut-after (@text "\00\00\00\05") (@text "after the length"))
    (call $cut-after (@text "\00\00") (@text "in the length"))))
