;;! interface = "ipc"
;;! covers = ["publish", "rate-limited", "invalid-input"]
;;! publish = ["a"]
;; Who has no limit in their profile publishes 10 MiB in a second, and 5 MiB at once at most.
(module
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "sleep-ns" (func $sleep (param i64 i32)))
  (func $case
    (local $payload i32)
    (call $sleep (i64.const 1000000000) (i32.const 0))
    (local.set $payload (call $room (i32.const 5242881) (i32.const 120)))
    (call $publish (@text "a") (local.get $payload) (i32.const 5242881) (i32.const 0))
    (call $error (@error "rate-limited") (@text "5 MiB and a byte"))
    (call $publish (@text "a") (local.get $payload) (i32.const 5242880) (i32.const 0))
    (call $error (@error "invalid-input") (@text "5 MiB, which is too large for something else"))
    (call $publish (@text "a") (local.get $payload) (i32.const 5242880) (i32.const 0))
    (call $error (@error "invalid-input") (@text "5 MiB again"))
    (call $publish (@text "a") (@text "1") (i32.const 0))
    (call $error (@error "rate-limited") (@text "a byte more than 10 MiB"))
    (call $sleep (i64.const 1000000000) (i32.const 0))
    (call $publish (@text "a") (@text "1") (i32.const 0))
    (call $ok (@text "a byte in the next second"))))
