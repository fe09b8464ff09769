;;! interface = "io/poll"
;;! with = "tcp"
;;! covers = ["poll"]
;;! subscribe = ["a"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;;! fresh-only = "what it opens stays open"
;; One `poll` waits for messages, connections, bytes and room at once, and names what is ready.
(module
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.write-stream"
    (func $write-stream (param i32) (result i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-listener.subscribe-readiness"
    (func $knocks (param i32) (result i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.subscribe-readable"
    (func $readable (param i32) (result i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read-stream"
    (func $read-stream (param i32) (result i32)))
  (import "astrid:io/streams@1.0.0" "[method]input-stream.subscribe"
    (func $in-subscribe (param i32) (result i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.subscribe"
    (func $out-subscribe (param i32) (result i32)))
  (import "astrid:io/streams@1.0.0" "[method]output-stream.blocking-write-and-flush"
    (func $write-and-flush (param i32 i32 i32 i32)))
  (import "astrid:io/poll@1.0.0" "poll" (func $poll (param i32 i32 i32)))
  (import "astrid:io/poll@1.0.0" "[method]pollable.block" (func $block (param i32 i32)))
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.subscribe-readiness"
    (func $messages (param i32) (result i32)))
  (func $case
    (local $out i32)
    (call $pair)
    (call $subscribe (@text "a") (i32.const 0))
    (call $ok (@text "subscribe"))
    (i32.store (i32.const 1024) (call $messages (i32.load (i32.const 4))))
    (i32.store (i32.const 1028) (call $knocks (global.get $listener)))
    (i32.store (i32.const 1032) (call $readable (global.get $server)))
    (i32.store (i32.const 1036) (call $in-subscribe (call $read-stream (global.get $client))))
    (local.set $out (call $write-stream (global.get $client)))
    (i32.store (i32.const 1040) (call $out-subscribe (local.get $out)))
    (call $poll (i32.const 1024) (i32.const 5) (i32.const 0))
    (call $ok (@text "poll"))
    (call $number (i32.load (i32.const 8)) (i32.const 1) (@text "one is ready"))
    (call $number (i32.load (i32.load (i32.const 4))) (i32.const 4) (@text "there is room"))
    (call $write-and-flush (local.get $out) (@text "x") (i32.const 0))
    (call $block (i32.load (i32.const 1032)) (i32.const 0))
    (drop (call $dial (global.get $listener)))
    (call $block (i32.load (i32.const 1028)) (i32.const 0))
    (call $poll (i32.const 1024) (i32.const 5) (i32.const 0))
    (call $number (i32.load (i32.const 8)) (i32.const 3) (@text "three are ready"))
    (call $number (i32.load (i32.load (i32.const 4))) (i32.const 1) (@text "somebody knocks"))
    (call $number (i32.load offset=4 (i32.load (i32.const 4))) (i32.const 2) (@text "bytes are there"))
    (call $number (i32.load offset=8 (i32.load (i32.const 4))) (i32.const 4) (@text "and room"))))
