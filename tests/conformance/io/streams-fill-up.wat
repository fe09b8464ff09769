;;! interface = "io/streams"
;;! with = "tcp"
;;! covers = ["output-stream.check-write", "output-stream.splice", "output-stream.subscribe"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;;! fresh-only = "what it opens stays open"
;;! not-replayed = "how much fits depends on the machine"
;; A stream that is full permits no bytes, is not ready and takes nothing from another stream; none of the
;; bytes that it permitted is lost, and when they are read there is room again.
(module
  (import "astrid:sys/host@1.0.0" "sleep-ns" (func $sleep (param i64 i32)))
  (import "astrid:io/poll@1.0.0" "[method]pollable.ready" (func $ready (param i32) (result i32)))
  (import "astrid:io/poll@1.0.0" "[method]pollable.block" (func $block (param i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read-stream"
    (func $read-stream (param i32) (result i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write-stream"
    (func $write-stream (param i32) (result i32)))
  (import "astrid:io/streams@1.0.0" "[method]input-stream.read"
    (func $in-read (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]input-stream.blocking-read"
    (func $in-blocking-read (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.check-write"
    (func $check-write (param i32 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.write"
    (func $out-write (param i32 i32 i32 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.blocking-write-and-flush"
    (func $write-and-flush (param i32 i32 i32 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.splice"
    (func $splice (param i32 i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.subscribe"
    (func $out-subscribe (param i32) (result i32)))
  (func $case
    (local $in i32) (local $out i32) (local $back i32) (local $room i32) (local $heap i32)
    (local $permit i64) (local $written i64) (local $idle i32)
    (call $pair)
    (local.set $in (call $read-stream (global.get $server)))
    (local.set $out (call $write-stream (global.get $client)))
    (local.set $room (call $out-subscribe (local.get $out)))
    (local.set $heap (call $room (i32.const 65536) (i32.const 7)))
    ;; What the guest itself is sent, to pass it on.
    (call $write-and-flush (call $write-stream (global.get $server)) (@text "abc") (i32.const 0))
    (local.set $back (call $read-stream (global.get $client)))
    (call $in-blocking-read (local.get $back) (i64.const 1) (i32.const 0))
    ;; As much as there is room for, until the system takes no more either.
    (loop $more
      (call $check-write (local.get $out) (i32.const 0))
      (call $ok (@text "check-write"))
      (local.set $permit (i64.load (i32.const 8)))
      (if (i64.gt_u (local.get $permit) (i64.const 65536))
        (then (local.set $permit (i64.const 65536))))
      (if (i64.ne (local.get $permit) (i64.const 0))
        (then
          (call $out-write (local.get $out) (local.get $heap) (i32.wrap_i64 (local.get $permit))
            (i32.const 0))
          (call $ok (@text "write of what is permitted"))
          (local.set $idle (i32.const 0))
          (local.set $written (i64.add (local.get $written) (local.get $permit))))
        (else
          ;; Whatever is on its way has a moment to get there.
          (call $sleep (i64.const 5000000) (i32.const 0))
          (local.set $idle (i32.add (local.get $idle) (i32.const 1)))))
      (br_if $more (i32.lt_u (local.get $idle) (i32.const 20))))
    (call $number (call $ready (local.get $room)) (i32.const 0) (@text "no room"))
    (call $splice (local.get $out) (local.get $back) (i64.const 9) (i32.const 0))
    (call $ok (@text "splice without room"))
    (call $equal (i64.load (i32.const 8)) (i64.const 0) (@text "spliced without room"))
    (call $in-read (local.get $back) (i64.const 9) (i32.const 0))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "bc") (@text "it takes nothing"))
    (loop $more
      (call $in-blocking-read (local.get $in) (i64.const 1048576) (i32.const 0))
      (call $ok (@text "blocking-read"))
      (local.set $written
        (i64.sub (local.get $written) (i64.extend_i32_u (i32.load (i32.const 8)))))
      (br_if $more (i32.and (i32.eqz (i32.load8_u (i32.const 0)))
        (i64.gt_s (local.get $written) (i64.const 0)))))
    (call $equal (local.get $written) (i64.const 0) (@text "bytes that are missing"))
    (call $block (local.get $room) (i32.const 0))
    (call $ok (@text "there is room again"))
    (call $check-write (local.get $out) (i32.const 0))
    (call $check (i64.ne (i64.load (i32.const 8)) (i64.const 0)) (@text "some bytes are permitted"))))
