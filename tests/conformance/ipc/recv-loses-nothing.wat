;;! interface = "ipc"
;;! covers = ["subscription.recv", "publish"]
;;! publish = ["a"]
;;! subscribe = ["a"]
;; All of 300 messages that wait are received, in the order in which they were published.
(module
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.recv"
    (func $recv (param i32 i64 i32)))
  (data (i32.const 128) "\"0000\"")
  (func $open (param $topic i32) (param $bytes i32) (result i32)
    (call $subscribe (local.get $topic) (local.get $bytes) (i32.const 0))
    (call $ok (@text "subscribe"))
    (i32.load (i32.const 4)))
  ;; How many messages the envelope at address 0 has; the first of them is number $n.
  (func $look (param $n i32) (result i32)
    (local $seen i32)
    (local $at i32)
    (call $ok (@text "recv"))
    (local.set $at (i32.load (i32.const 8)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $seen) (i32.load (i32.const 12))))
        (call $four-digits (i32.const 129) (i32.add (local.get $n) (local.get $seen)))
        (call $text (i32.load offset=8 (local.get $at)) (i32.load offset=12 (local.get $at))
          (i32.const 128) (i32.const 6) (@text "the next payload"))
        (local.set $at (i32.add (local.get $at) (i32.const 36)))
        (local.set $seen (i32.add (local.get $seen) (i32.const 1)))
        (br $next)))
    (local.get $seen))
  (func $case
    (local $subscription i32)
    (local $n i32)
    (local $batch i32)
    (local.set $subscription (call $open (@text "a")))
    (loop $next
      (call $four-digits (i32.const 129) (local.get $n))
      (call $publish (@text "a") (i32.const 128) (i32.const 6) (i32.const 0))
      (call $ok (@text "publish"))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $n) (i32.const 300))))
    (local.set $n (i32.const 0))
    (loop $next
      (call $recv (local.get $subscription) (i64.const 0) (i32.const 0))
      (local.set $batch (call $look (local.get $n)))
      (local.set $n (i32.add (local.get $n) (local.get $batch)))
      (br_if $next (local.get $batch)))
    (call $number (local.get $n) (i32.const 300) (@text "messages in all"))))
