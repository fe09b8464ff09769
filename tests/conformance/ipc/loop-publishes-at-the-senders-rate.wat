;;! interface = "ipc"
;;! covers = ["publish", "rate-limited", "subscription.recv"]
;;! phase = "run"
;;! publish = ["out"]
;;! subscribe = ["a"]
;;! files = { "etc/profiles/other.toml" = "[quotas]\nmax_ipc_throughput_bytes = 100\n" }
;;! default-only = "the messages are from both principals, and only one of them is held to so little"
;;! now = [{ publish = { topic = "a", payload = "1", from = "other" } }, { publish = { topic = "a", payload = "2", from = "default" } }]
;; A loop that acts for somebody publishes as much as their profile lets them, and uses up nobody
;; else's rate.
(module
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.recv"
    (func $recv (param i32 i64 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "sleep-ns" (func $sleep (param i64 i32)))
  (func $case
    (local $a i32)
    (local $payload i32)
    ;; The limit counts anew every second, and an earlier call may have used it up.
    (call $sleep (i64.const 1000000000) (i32.const 0))
    (local.set $payload (call $room (i32.const 101) (i32.const 49)))
    (call $subscribe (@text "a") (i32.const 0))
    (call $ok (@text "subscribe"))
    (local.set $a (i32.load (i32.const 4)))
    (call $publish (@text "out") (local.get $payload) (i32.const 101) (i32.const 0))
    (call $ok (@text "101 bytes of the owner"))
    (call $log (i32.const 0) (@text "now"))
    (call $recv (local.get $a) (i64.const 0) (i32.const 0))
    (call $ok (@text "the first envelope"))
    (call $publish (@text "out") (local.get $payload) (i32.const 101) (i32.const 0))
    (call $error (@error "rate-limited") (@text "101 bytes of the other"))
    (call $publish (@text "out") (local.get $payload) (i32.const 100) (i32.const 0))
    (call $ok (@text "100 bytes of the other"))
    (call $publish (@text "out") (@text "1") (i32.const 0))
    (call $error (@error "rate-limited") (@text "one more of the other"))
    (call $recv (local.get $a) (i64.const 0) (i32.const 0))
    (call $ok (@text "the second envelope"))
    (call $publish (@text "out") (local.get $payload) (i32.const 101) (i32.const 0))
    (call $ok (@text "101 bytes of the owner again"))))
