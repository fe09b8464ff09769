;;! interface = "net"
;;! with = "tcp"
;;! covers = ["connect-tcp", "tcp-stream.read-bytes"]
;;! phase = "install"
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;; A lifecycle hook connects to what the manifest names, and both sides hear each other.
(module
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read-bytes"
    (func $read-bytes (param i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write-bytes"
    (func $write-bytes (param i32 i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $case
    (call $pair)
    (call $write-bytes (global.get $client) (@text "abc") (i32.const 0))
    (call $ok (@text "write"))
    (call $read-bytes (global.get $server) (i32.const 3) (i32.const 0))
    (call $ok (@text "read"))
    (call $number (i32.load (i32.const 8)) (i32.const 3) (@text "bytes"))))
