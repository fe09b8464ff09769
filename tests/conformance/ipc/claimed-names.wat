;;! interface = "ipc"
;;! covers = ["publish-as", "invalid-input", "rate-limited", "capability-denied"]
;;! publish = ["a"]
;;! capabilities = { uplink = true }
;; A name that is claimed is 1 to 64 letters, digits, `-` and `_`, which is asked before anything else;
;; then come the checks of any message, in their order.
(module
  (import "astrid:ipc/host@1.0.0" "publish-as"
    (func $publish-as (param i32 i32 i32 i32 i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "sleep-ns" (func $sleep (param i64 i32)))
  (func $good (param $name i32) (param $bytes i32)
    (call $publish-as (@text "a") (@text "1") (local.get $name) (local.get $bytes) (i32.const 0))
    (call $ok (local.get $name) (local.get $bytes)))
  (func $bad (param $name i32) (param $bytes i32)
    ;; The topic is allowed to nobody: the name comes first.
    (call $publish-as (@text "b") (@text "1") (local.get $name) (local.get $bytes) (i32.const 0))
    (call $error (@error "invalid-input") (local.get $name) (local.get $bytes)))
  (func $case
    (local $long i32) (local $payload i32)
    (call $sleep (i64.const 1000000000) (i32.const 0))
    (local.set $long (call $room (i32.const 65) (i32.const 97)))
    (call $good (@text "a"))
    (call $good (@text "Agent_7-b"))
    (call $good (local.get $long) (i32.const 64))
    (call $bad (local.get $long) (i32.const 65))
    (call $bad (@text ""))
    (call $bad (@text "a.b"))
    (call $bad (@text "a:b"))
    (call $bad (@text "a b"))
    (call $bad (@text "a\00"))
    (call $bad (@text "\u{e4}"))
    (local.set $payload (call $room (i32.const 5242881) (i32.const 120)))
    (call $publish-as (call $room (i32.const 257) (i32.const 97)) (i32.const 257)
      (local.get $payload) (i32.const 5242881) (@text "ann") (i32.const 0))
    (call $error (@error "invalid-input") (@text "a long topic with too large a payload"))
    (call $publish-as (@text "a..b") (local.get $payload) (i32.const 5242881) (@text "ann")
      (i32.const 0))
    (call $error (@error "rate-limited") (@text "a malformed topic with too large a payload"))
    (call $publish-as (@text "b") (local.get $payload) (i32.const 1048577) (@text "ann")
      (i32.const 0))
    (call $error (@error "capability-denied") (@text "a large payload that is not allowed"))
    (call $publish-as (@text "a") (local.get $payload) (i32.const 1048577) (@text "ann")
      (i32.const 0))
    (call $error (@error "invalid-input") (@text "a large payload"))))
