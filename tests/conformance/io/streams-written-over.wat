;;! interface = "io/streams"
;;! with = "tcp"
;;! covers = []
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;;! expect = "trap host: the capsule wrote 300000 bytes to a stream that had room for 262144"
;; A guest that gives more bytes than there is room for is ended, as one that asks for more zeroes is.
(module
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write-stream"
    (func $write-stream (param i32) (result i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.write"
    (func $write (param i32 i32 i32 i32)))
  (func $case
    (call $pair)
    (call $write (call $write-stream (global.get $client))
      (call $room (i32.const 300000) (i32.const 7)) (i32.const 300000) (i32.const 0))
    unreachable))
