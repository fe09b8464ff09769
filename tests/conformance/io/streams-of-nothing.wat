;;! interface = "io/streams"
;;! covers = ["input-stream.read", "input-stream.skip", "output-stream.write", "output-stream.write-zeroes", "output-stream.blocking-write-and-flush", "output-stream.blocking-write-zeroes-and-flush", "output-stream.splice"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;;! fresh-only = "what it opens stays open"
;; No bytes can be read, skipped, written and passed on at any time; what is there stays there.
(module
  (import "astrid:net/host@1.0.0" "bind-tcp" (func $bind (param i32 i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "connect-tcp" (func $connect (param i32 i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-listener.accept" (func $accept (param i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-listener.local-addr"
    (func $listener-addr (param i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write-stream"
    (func $write-stream (param i32) (result i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read-stream"
    (func $read-stream (param i32) (result i32)))
  (import "astrid:io/streams@1.0.0" "[method]input-stream.read" (func $in-read (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]input-stream.blocking-read"
    (func $in-blocking-read (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]input-stream.skip" (func $in-skip (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.write"
    (func $write (param i32 i32 i32 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.write-zeroes"
    (func $write-zeroes (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.blocking-write-and-flush"
    (func $write-and-flush (param i32 i32 i32 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.blocking-write-zeroes-and-flush"
    (func $zeroes-and-flush (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.splice"
    (func $splice (param i32 i32 i64 i32)))
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
    (local $in i32) (local $out i32)
    (call $pair)
    (local.set $in (call $read-stream (global.get $server)))
    (local.set $out (call $write-stream (global.get $client)))
    (call $write (local.get $out) (i32.const 0) (i32.const 0) (i32.const 0))
    (call $ok (@text "write"))
    (call $write-zeroes (local.get $out) (i64.const 0) (i32.const 0))
    (call $ok (@text "write-zeroes"))
    (call $write-and-flush (local.get $out) (i32.const 0) (i32.const 0) (i32.const 0))
    (call $ok (@text "blocking-write-and-flush"))
    (call $zeroes-and-flush (local.get $out) (i64.const 0) (i32.const 0))
    (call $ok (@text "blocking-write-zeroes-and-flush"))
    (call $in-read (local.get $in) (i64.const 9) (i32.const 0))
    (call $number (i32.load (i32.const 8)) (i32.const 0) (@text "bytes that arrived"))
    (call $write-and-flush (local.get $out) (@text "ab") (i32.const 0))
    (call $in-blocking-read (local.get $in) (i64.const 1) (i32.const 0))
    (call $ok (@text "blocking-read"))
    (call $in-read (local.get $in) (i64.const 0) (i32.const 0))
    (call $ok (@text "read"))
    (call $number (i32.load (i32.const 8)) (i32.const 0) (@text "bytes of no bytes"))
    (call $in-skip (local.get $in) (i64.const 0) (i32.const 0))
    (call $ok (@text "skip"))
    (call $equal (i64.load (i32.const 8)) (i64.const 0) (@text "skipped"))
    (call $splice (local.get $out) (local.get $in) (i64.const 0) (i32.const 0))
    (call $ok (@text "splice"))
    (call $equal (i64.load (i32.const 8)) (i64.const 0) (@text "spliced"))
    (call $in-read (local.get $in) (i64.const 9) (i32.const 0))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "b") (@text "the rest"))))
