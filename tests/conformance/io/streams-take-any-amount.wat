;;! interface = "io/streams"
;;! covers = ["output-stream.blocking-write-and-flush", "output-stream.blocking-flush", "output-stream.write-zeroes", "output-stream.blocking-write-zeroes-and-flush"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;; Blocking writes have no bound of their own, and zeroes are written like anything else.
(module
  (import "astrid:net/host@1.0.0" "bind-tcp" (func $bind (param i32 i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "connect-tcp" (func $connect (param i32 i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-listener.accept" (func $accept (param i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-listener.local-addr"
    (func $listener-addr (param i32 i32)))
  (import "astrid:net/host@1.0.0" "[resource-drop]tcp-listener" (func $drop-listener (param i32)))
  (import "astrid:net/host@1.0.0" "[resource-drop]tcp-stream" (func $drop-stream (param i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read-stream"
    (func $read-stream (param i32) (result i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write-stream"
    (func $write-stream (param i32) (result i32)))
  (import "astrid:io/streams@1.0.0" "[method]input-stream.read" (func $in-read (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]input-stream.blocking-skip"
    (func $in-blocking-skip (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[resource-drop]input-stream" (func $drop-in (param i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.blocking-write-and-flush"
    (func $write-and-flush (param i32 i32 i32 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.blocking-flush"
    (func $blocking-flush (param i32 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.write-zeroes"
    (func $write-zeroes (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.blocking-write-zeroes-and-flush"
    (func $zeroes-and-flush (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[resource-drop]output-stream" (func $drop-out (param i32)))
  ;; A port of this machine, as its digits after the last colon of the address say.
  (func $listen (result i32)
    (call $bind (@text "127.0.0.1") (i32.const 0) (i32.const 0))
    (call $ok (@text "bind"))
    (i32.load (i32.const 4)))
  (func $port (param $listener i32) (result i32)
    (local $at i32) (local $end i32) (local $digit i32) (local $port i32)
    (call $listener-addr (local.get $listener) (i32.const 0))
    (call $ok (@text "the address of the listener"))
    (local.set $at (i32.load (i32.const 4)))
    (local.set $end (i32.add (local.get $at) (i32.load (i32.const 8))))
    (loop $next
      (local.set $digit (i32.sub (i32.load8_u (local.get $at)) (i32.const 48)))
      (local.set $port (select
        (i32.add (i32.mul (local.get $port) (i32.const 10)) (local.get $digit))
        (i32.const 0)
        (i32.lt_u (local.get $digit) (i32.const 10))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
    (local.get $port))
  (func $dial (param $listener i32) (result i32)
    (call $connect (@text "127.0.0.1") (call $port (local.get $listener)) (i32.const 0))
    (call $ok (@text "connect"))
    (i32.load (i32.const 4)))
  ;; Both ends of a connection of the guest with itself.
  (global $listener (mut i32) (i32.const 0))
  (global $client (mut i32) (i32.const 0))
  (global $server (mut i32) (i32.const 0))
  (func $pair
    (global.set $listener (call $listen))
    (global.set $client (call $dial (global.get $listener)))
    (call $accept (global.get $listener) (i32.const 0))
    (call $ok (@text "accept"))
    (global.set $server (i32.load (i32.const 4))))
  (func $case
    (local $in i32) (local $out i32) (local $left i64)
    (call $pair)
    (local.set $in (call $read-stream (global.get $server)))
    (local.set $out (call $write-stream (global.get $client)))
    (call $write-zeroes (local.get $out) (i64.const 5000) (i32.const 0))
    (call $ok (@text "write-zeroes"))
    (call $blocking-flush (local.get $out) (i32.const 0))
    (call $ok (@text "blocking-flush"))
    (call $write-and-flush (local.get $out) (call $room (i32.const 20000) (i32.const 7))
      (i32.const 20000) (i32.const 0))
    (call $ok (@text "blocking-write-and-flush"))
    (call $zeroes-and-flush (local.get $out) (i64.const 10001) (i32.const 0))
    (call $ok (@text "blocking-write-zeroes-and-flush"))
    (local.set $left (i64.const 35001))
    (loop $more
      (call $in-blocking-skip (local.get $in) (local.get $left) (i32.const 0))
      (call $ok (@text "blocking-skip"))
      (local.set $left (i64.sub (local.get $left) (i64.load (i32.const 8))))
      (br_if $more (i64.gt_s (local.get $left) (i64.const 0))))
    (call $equal (local.get $left) (i64.const 0) (@text "bytes that are missing"))
    (call $in-read (local.get $in) (i64.const 1) (i32.const 0))
    (call $number (i32.load (i32.const 8)) (i32.const 0) (@text "nothing more"))
    (call $drop-in (local.get $in))
    (call $drop-out (local.get $out))
    (call $drop-stream (global.get $client))
    (call $drop-stream (global.get $server))
    (call $drop-listener (global.get $listener))))
