;;! interface = "ipc"
;;! covers = ["publish", "rate-limited"]
;;! publish = ["a"]
;;! files = { "etc/profiles/default.toml" = "[quotas]\nmax_ipc_throughput_bytes = 100\n", "etc/profiles/other.toml" = "[quotas]\nmax_ipc_throughput_bytes = 100\n" }
;; A principal publishes as many bytes in a second as its profile says. What was refused for another
;; reason counts, what the limit itself refused does not, and a second later all is free again.
(module
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "sleep-ns" (func $sleep (param i64 i32)))
  (func $case
    (local $payload i32)
    (call $sleep (i64.const 1000000000) (i32.const 0))
    (local.set $payload (call $room (i32.const 101) (i32.const 49)))
    (call $publish (@text "a") (local.get $payload) (i32.const 60) (i32.const 0))
    (call $ok (@text "60 bytes"))
    (call $publish (@text "a") (local.get $payload) (i32.const 41) (i32.const 0))
    (call $error (@error "rate-limited") (@text "41 more"))
    (call $publish (@text "denied") (local.get $payload) (i32.const 30) (i32.const 0))
    (call $error (@error "capability-denied") (@text "30 bytes that are not allowed"))
    (call $publish (@text "a") (local.get $payload) (i32.const 11) (i32.const 0))
    (call $error (@error "rate-limited") (@text "11 more"))
    (call $publish (@text "a") (local.get $payload) (i32.const 10) (i32.const 0))
    (call $ok (@text "10 more"))
    (call $sleep (i64.const 999999999) (i32.const 0))
    (call $publish (@text "a") (@text "1") (i32.const 0))
    (call $error (@error "rate-limited") (@text "a byte within the second"))
    (call $sleep (i64.const 1) (i32.const 0))
    (call $publish (@text "a") (local.get $payload) (i32.const 100) (i32.const 0))
    (call $ok (@text "100 bytes in the next second"))
    (call $sleep (i64.const 1000000000) (i32.const 0))
    (call $publish (@text "a") (local.get $payload) (i32.const 101) (i32.const 0))
    (call $error (@error "rate-limited") (@text "101 bytes at once"))))
