;;! interface = "ipc"
;;! covers = ["publish", "publish-as", "rate-limited"]
;;! publish = ["a"]
;;! capabilities = { uplink = true }
;;! files = { "etc/profiles/default.toml" = "[quotas]\nmax_ipc_throughput_bytes = 100\n", "etc/profiles/other.toml" = "[quotas]\nmax_ipc_throughput_bytes = 100\n", "etc/profiles/bob.toml" = "[quotas]\nmax_ipc_throughput_bytes = 1000\n" }
;; What is published in somebody's name counts as theirs, and not as the publisher's own. How much it
;; may be is what the publisher's profile says, whatever is in that of the one who is named.
(module
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "publish-as"
    (func $publish-as (param i32 i32 i32 i32 i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "sleep-ns" (func $sleep (param i64 i32)))
  (func $case
    (local $payload i32)
    (call $sleep (i64.const 1000000000) (i32.const 0))
    (local.set $payload (call $room (i32.const 101) (i32.const 49)))
    (call $publish-as (@text "a") (local.get $payload) (i32.const 101) (@text "bob") (i32.const 0))
    (call $error (@error "rate-limited") (@text "101 bytes as somebody who may publish 1000"))
    (call $publish-as (@text "a") (local.get $payload) (i32.const 100) (@text "bob") (i32.const 0))
    (call $ok (@text "100 bytes as one"))
    (call $publish-as (@text "a") (@text "1") (@text "bob") (i32.const 0))
    (call $error (@error "rate-limited") (@text "one more as the same"))
    (call $publish-as (@text "a") (local.get $payload) (i32.const 100) (@text "carol") (i32.const 0))
    (call $ok (@text "100 bytes as another"))
    (call $publish (@text "a") (local.get $payload) (i32.const 60) (i32.const 0))
    (call $ok (@text "60 bytes in the own name"))
    (call $publish-as (@text "a") (local.get $payload) (i32.const 41)
      (global.get $who) (global.get $who-bytes) (i32.const 0))
    (call $error (@error "rate-limited") (@text "41 as the own name"))
    (call $publish-as (@text "a") (local.get $payload) (i32.const 40)
      (global.get $who) (global.get $who-bytes) (i32.const 0))
    (call $ok (@text "40 as the own name"))
    (call $publish (@text "a") (@text "1") (i32.const 0))
    (call $error (@error "rate-limited") (@text "one more in the own name"))))
