;;! interface = "ipc"
;;! covers = ["subscribe", "subscription.poll"]
;;! publish = ["*", "*.*"]
;;! subscribe = ["*", "*.*", "a.*"]
;; A final `*` stands for one or more segments, a lone one for exactly one, and everything else for
;; itself.
(module
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.poll" (func $take (param i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[resource-drop]subscription" (func $drop-one (param i32)))
  (func $open (param $topic i32) (param $bytes i32) (result i32)
    (call $subscribe (local.get $topic) (local.get $bytes) (i32.const 0))
    (call $ok (@text "subscribe"))
    (i32.load (i32.const 4)))
  (func $send (param $topic i32) (param $bytes i32) (param $payload i32) (param $payload-bytes i32)
    (call $publish (local.get $topic) (local.get $bytes)
      (local.get $payload) (local.get $payload-bytes) (i32.const 0))
    (call $ok (@text "publish")))
  ;; Of the six messages, this many reach the pattern.
  (func $reach (param $pattern i32) (param $bytes i32) (param $count i32)
    (local $subscription i32)
    (local.set $subscription (call $open (local.get $pattern) (local.get $bytes)))
    (call $send (@text "a") (@text "1"))
    (call $send (@text "a.b") (@text "1"))
    (call $send (@text "a.b.c") (@text "1"))
    (call $send (@text "a.x") (@text "1"))
    (call $send (@text "b") (@text "1"))
    (call $send (@text "A.b") (@text "1"))
    (call $take (local.get $subscription) (i32.const 0))
    (call $number (i32.load (i32.const 12)) (local.get $count)
      (local.get $pattern) (local.get $bytes))
    (call $drop-one (local.get $subscription)))
  (func $case
    (call $reach (@text "a") (i32.const 1))
    (call $reach (@text "a.b") (i32.const 1))
    (call $reach (@text "a.*") (i32.const 3))
    (call $reach (@text "a.b.*") (i32.const 1))
    (call $reach (@text "a.b.c.*") (i32.const 0))
    (call $reach (@text "*") (i32.const 2))
    (call $reach (@text "a.b.c.d") (i32.const 0))))
