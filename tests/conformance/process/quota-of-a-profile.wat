;;! interface = "process"
;;! with = "sh"
;;! covers = ["spawn-background", "quota"]
;;! real-time = true
;;! fresh-only = "what it starts goes on"
;;! capabilities = { host_process = ["sh"] }
;;! files = { "etc/profiles/default.toml" = "[quotas]\nmax_background_processes = 1\n", "etc/profiles/other.toml" = "[quotas]\nmax_background_processes = 2\n" }
;; A profile says how many programs its principal has in the background; one that is waited for is none.
(module
  (func $case
    (local $first i32)
    (call $sh (@text "exec sleep 1000"))
    (local.set $first (call $start))
    ;; The owner's name is longer.
    (if (i32.ne (global.get $who-bytes) (i32.const 7)) (then (drop (call $start))))
    (call $background (i32.const 1024) (i32.const 0))
    (call $error (@error "quota") (@text "one too many"))
    (call $sh (@text "echo hello"))
    (call $prints (@text "hello\n") (@text "one that is waited for"))
    (call $h-drop (local.get $first))
    (drop (call $start))))
