;;! interface = "ipc"
;;! covers = ["publish", "invalid-input", "rate-limited", "capability-denied"]
;;! publish = ["a"]
;; A message that breaks several rules is refused for the first of them: the length of the topic, the
;; rate, the form of the topic, the permission, the size, and the form of the payload.
(module
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "sleep-ns" (func $sleep (param i64 i32)))
  (func $case
    (local $topic i32)
    (local $payload i32)
    (call $sleep (i64.const 1000000000) (i32.const 0))
    (local.set $topic (call $room (i32.const 257) (i32.const 97)))
    (local.set $payload (call $room (i32.const 5242881) (i32.const 120)))
    (call $publish (local.get $topic) (i32.const 257) (local.get $payload) (i32.const 5242881)
      (i32.const 0))
    (call $error (@error "invalid-input") (@text "a long topic with too large a payload"))
    (call $publish (@text "a..b") (local.get $payload) (i32.const 5242881) (i32.const 0))
    (call $error (@error "rate-limited") (@text "a malformed topic with too large a payload"))
    (call $publish (@text "a..b") (@text "no json") (i32.const 0))
    (call $error (@error "invalid-input") (@text "a malformed topic that is not allowed"))
    (call $publish (@text "b") (local.get $payload) (i32.const 1048577) (i32.const 0))
    (call $error (@error "capability-denied") (@text "a large payload that is not allowed"))
    (call $publish (@text "b") (@text "no json") (i32.const 0))
    (call $error (@error "capability-denied") (@text "no JSON, and not allowed"))
    (call $publish (@text "a") (local.get $payload) (i32.const 1048577) (i32.const 0))
    (call $error (@error "invalid-input") (@text "a large payload"))
    (call $publish (@text "a") (@text "no json") (i32.const 0))
    (call $error (@error "invalid-input") (@text "no JSON"))
    (call $publish (@text "a") (@text "1 2") (i32.const 0))
    (call $error (@error "invalid-input") (@text "two values"))
    (call $publish (@text "a") (@text "") (i32.const 0))
    (call $error (@error "invalid-input") (@text "no value"))
    (call $publish (@text "a") (@text " null ") (i32.const 0))
    (call $ok (@text "a value with nothing wrong"))))
