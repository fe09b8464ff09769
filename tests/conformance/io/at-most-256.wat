;;! interface = "io/poll"
;;! covers = ["poll", "too-large"]
;;! publish = ["a"]
;;! subscribe = ["a"]
;; A list of 256 pollables is waited for, one of 257 is too large. One that is listed often is
;; reported as often.
(module
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.subscribe-readiness"
    (func $readiness (param i32) (result i32)))
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:io/poll@1.0.0" "poll" (func $poll (param i32 i32 i32)))
  ;; Subscribes, and gives the pollable.
  (func $open (param $topic i32) (param $bytes i32) (result i32)
    (call $subscribe (local.get $topic) (local.get $bytes) (i32.const 0))
    (call $ok (@text "subscribe"))
    (call $readiness (i32.load (i32.const 4))))
  (func $send (param $topic i32) (param $bytes i32)
    (call $publish (local.get $topic) (local.get $bytes) (@text "1") (i32.const 0))
    (call $ok (@text "publish")))
  (func $index (param $at i32) (param $wanted i32)
    (call $number
      (i32.load (i32.add (i32.load (i32.const 4)) (i32.mul (local.get $at) (i32.const 4))))
      (local.get $wanted) (@text "an index")))
  (func $case
    (local $pollable i32)
    (local $n i32)
    (local.set $pollable (call $open (@text "a")))
    (call $send (@text "a"))
    (loop $next
      (i32.store (i32.add (i32.const 1024) (i32.mul (local.get $n) (i32.const 4)))
        (local.get $pollable))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $n) (i32.const 257))))
    (call $poll (i32.const 1024) (i32.const 256) (i32.const 0))
    (call $ok (@text "256 pollables"))
    (call $number (i32.load (i32.const 8)) (i32.const 256) (@text "indices"))
    (call $index (i32.const 0) (i32.const 0))
    (call $index (i32.const 255) (i32.const 255))
    (call $poll (i32.const 1024) (i32.const 257) (i32.const 0))
    (call $error (@error "too-large") (@text "257 pollables"))))
