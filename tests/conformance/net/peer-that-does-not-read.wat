;;! interface = "net"
;;! with = "tcp"
;;! covers = ["tcp-stream.write", "tcp-stream.write-bytes", "would-block", "unknown", "connection-reset"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;; Writing to a peer that takes nothing ends when its time is up: bytes would block, and of a frame
;; nobody knows how much has gone, so that nothing may follow it.
(module
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write"
    (func $write (param i32 i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write-bytes"
    (func $write-bytes (param i32 i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.set-write-timeout"
    (func $set-write-timeout (param i32 i32 i64 i32)))
  (func $fill (param $bytes i32)
    (local $heap i32) (local $rest i32)
    (local.set $heap (call $room (local.get $bytes) (i32.const 7)))
    ;; More than any system keeps for a peer.
    (local.set $rest (i32.const 1000))
    (loop $more
      (call $write-bytes (global.get $client) (local.get $heap) (local.get $bytes) (i32.const 0))
      (local.set $rest (i32.sub (local.get $rest) (i32.const 1)))
      (br_if $more (i32.and (i32.ne (local.get $rest) (i32.const 0))
        (i32.eqz (i32.load8_u (i32.const 0)))))))
  (func $case
    (call $pair)
    (call $set-write-timeout (global.get $client) (i32.const 1) (i64.const 30) (i32.const 0))
    (call $ok (@text "set-write-timeout"))
    (call $fill (i32.const 1048576))
    (call $error (@error "would-block") (@text "more bytes"))
    (call $write (global.get $client) (@text "x") (i32.const 0))
    (call $error (@error "unknown") (@text "a frame"))
    (call $write-bytes (global.get $client) (@text "x") (i32.const 0))
    (call $error (@error "unknown") (@text "bytes after half a frame"))
    (call $write (global.get $client) (@text "x") (i32.const 0))
    (call $error (@error "connection-reset") (@text "another frame"))
    (call $drop-stream (global.get $client))
    (call $drop-stream (global.get $server))
    (call $drop-listener (global.get $listener))))
