;;! interface = "io/streams"
;;! with = "tcp"
;;! covers = []
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;;! expect = "trap host: the capsule wrote 1000000000 bytes to a stream that had room for 262144"
;; Writing more than there is room for ends the guest.
(module
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write-stream"
    (func $write-stream (param i32) (result i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.write-zeroes"
    (func $write-zeroes (param i32 i64 i32)))
  (func $case
    (local $out i32)
    (call $pair)
    (local.set $out (call $write-stream (global.get $client)))
    (call $write-zeroes (local.get $out) (i64.const 1000000000) (i32.const 0))
    unreachable))
