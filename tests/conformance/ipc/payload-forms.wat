;;! interface = "ipc"
;;! covers = ["publish", "subscription.poll"]
;;! publish = ["a"]
;;! subscribe = ["a"]
;;! not-replayed = "it compares texts whose names sound secret byte by byte"
;; Receivers get JSON in one form: without blanks, known messages with their own fields and defaults
;; only, `custom` and `raw_json` as what they carry. What only looks like a known message, and any
;; other value, comes through as it is.
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
  (func $becomes (param $payload i32) (param $bytes i32) (param $wanted i32) (param $wanted-bytes i32)
    (local $subscription i32)
    (local $at i32)
    (local.set $subscription (call $open (@text "a")))
    (call $send (@text "a") (local.get $payload) (local.get $bytes))
    (call $take (local.get $subscription) (i32.const 0))
    (local.set $at (i32.load (i32.const 8)))
    (call $text (i32.load offset=8 (local.get $at)) (i32.load offset=12 (local.get $at))
      (local.get $wanted) (local.get $wanted-bytes) (local.get $payload) (local.get $bytes))
    (call $drop-one (local.get $subscription)))
  (func $case
    (call $becomes (@text " [ 1, \"a b\" ] ") (@text "[1,\"a b\"]"))
    (call $becomes (@text "\"text\"") (@text "\"text\""))
    (call $becomes (@text "{\"type\":\"custom\",\"data\":[true]}") (@text "[true]"))
    (call $becomes (@text "{\"type\":\"custom\"}") (@text "{\"type\":\"custom\"}"))
    (call $becomes (@text "{\"type\":\"raw_json\",\"x\":1}") (@text "{\"x\":1}"))
    (call $becomes (@text "{\"extra\":1,\"text\":\"hi\",\"type\":\"user_input\"}")
      (@text "{\"type\":\"user_input\",\"text\":\"hi\",\"session_id\":\"default\"}"))
    (call $becomes (@text "{\"text\":7,\"type\":\"user_input\"}")
      (@text "{\"text\":7,\"type\":\"user_input\"}"))
    (call $becomes (@text "{\"type\":\"unheard_of\",\"x\":1}")
      (@text "{\"type\":\"unheard_of\",\"x\":1}"))))
