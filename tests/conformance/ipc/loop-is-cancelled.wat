;;! interface = "ipc"
;;! covers = ["subscription.recv"]
;;! phase = "run"
;;! expect = "cancelled"
;;! subscribe = ["a"]
;;! real-time = true
;;! now = [{ cancel = true }]
;; A run loop that is asked to end gets out of its `recv`, and ends as one that was asked to.
(module
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.recv"
    (func $recv (param i32 i64 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $open (param $topic i32) (param $bytes i32) (result i32)
    (call $subscribe (local.get $topic) (local.get $bytes) (i32.const 0))
    (call $ok (@text "subscribe"))
    (i32.load (i32.const 4)))
  ;; The envelope at address 0 has this many messages.
  (func $messages (param $wanted i32)
    (call $ok (@text "an envelope"))
    (call $number (i32.load (i32.const 12)) (local.get $wanted) (@text "messages")))
  (func $case
    (local $a i32)
    (local.set $a (call $open (@text "a")))
    (call $log (i32.const 0) (@text "now"))
    (call $recv (local.get $a) (i64.const 60000) (i32.const 0))
    (call $messages (i32.const 0))))
