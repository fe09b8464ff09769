;;! interface = "ipc"
;;! covers = ["subscription.recv"]
;;! publish = ["a"]
;;! subscribe = ["a"]
;;! real-time = true
;;! now = [{ cancel = true }]
;; While its capsule is being unloaded a `recv` still returns what is queued, and waits for nothing.
(module
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.recv"
    (func $recv (param i32 i64 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $open (param $topic i32) (param $bytes i32) (result i32)
    (call $subscribe (local.get $topic) (local.get $bytes) (i32.const 0))
    (call $ok (@text "subscribe"))
    (i32.load (i32.const 4)))
  (func $send (param $topic i32) (param $bytes i32) (param $payload i32) (param $payload-bytes i32)
    (call $publish (local.get $topic) (local.get $bytes)
      (local.get $payload) (local.get $payload-bytes) (i32.const 0))
    (call $ok (@text "publish")))
  ;; The envelope at address 0 has this many messages.
  (func $messages (param $wanted i32)
    (call $ok (@text "an envelope"))
    (call $number (i32.load (i32.const 12)) (local.get $wanted) (@text "messages")))
  (func $case
    (local $subscription i32)
    (local.set $subscription (call $open (@text "a")))
    (call $send (@text "a") (@text "1"))
    (call $log (i32.const 0) (@text "now"))
    (call $recv (local.get $subscription) (i64.const 60000) (i32.const 0))
    (call $messages (i32.const 1))
    (call $recv (local.get $subscription) (i64.const 60000) (i32.const 0))
    (call $messages (i32.const 0))))
