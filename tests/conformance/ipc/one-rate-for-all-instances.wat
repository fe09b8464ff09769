;;! interface = "ipc"
;;! covers = ["publish"]
;;! publish = ["a"]
;;! files = { "etc/profiles/default.toml" = "[quotas]\nmax_ipc_throughput_bytes = 100\n", "etc/profiles/other.toml" = "[quotas]\nmax_ipc_throughput_bytes = 100\n" }
;;! anew = true
;; What is published is counted for all instances of a capsule together: a new one has no rate of its own.
(module
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-cas"
    (func $cas (param i32 i32 i32 i32 i32 i32 i32 i32)))
  (func $case
    (local $is-first i32) (local $payload i32)
    (local.set $payload (call $room (i32.const 60) (i32.const 49)))
    (call $cas (@text "began") (i32.const 0) (i32.const 0) (i32.const 0) (@text "") (i32.const 0))
    (local.set $is-first (i32.eqz (i32.load8_u (i32.const 0))))
    (call $publish (@text "a") (local.get $payload) (i32.const 60) (i32.const 0))
    (if (local.get $is-first)
      (then (call $ok (@text "60 bytes of 100")))
      (else (call $error (@error "rate-limited") (@text "60 more"))))))
