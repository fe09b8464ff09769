;;! interface = "ipc"
;;! covers = ["subscription.recv"]
;;! phase = "run"
;;! subscribe = ["a"]
;;! now = [{ publish = { topic = "a", payload = "1", from = "stranger" } }, { publish = { topic = "a", payload = "2", from = "default" } }]
;;! files = { "home/other/.gitkeep" = "" }
;;! log = ["warn message on a withheld: principal stranger: no principal stranger"]
;; A run loop does not get the messages of a principal that it cannot act for. The owner's log says
;; so, and the next message comes at once.
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
  ;; The message at this place of the envelope has this payload.
  (func $payload (param $at i32) (param $wanted i32) (param $bytes i32)
    (local.set $at
      (i32.add (i32.load (i32.const 8)) (i32.mul (local.get $at) (i32.const 36))))
    (call $text (i32.load offset=8 (local.get $at)) (i32.load offset=12 (local.get $at))
      (local.get $wanted) (local.get $bytes) (@text "a payload")))
  (func $case
    (local $a i32)
    (local.set $a (call $open (@text "a")))
    (call $log (i32.const 0) (@text "now"))
    (call $recv (local.get $a) (i64.const 0) (i32.const 0))
    (call $messages (i32.const 1))
    (call $payload (i32.const 0) (@text "2"))))
