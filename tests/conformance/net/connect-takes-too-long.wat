;;! interface = "net"
;;! covers = ["connect-tcp", "timeout"]
;;! real-time = true
;;! capabilities = { net_connect = ["silent.example:80"] }
;;! names = { "silent.example" = ["192.0.2.2"] }
;;! fresh-only = "each time takes ten seconds"
;;! default-only = "each time takes ten seconds"
;;! not-replayed = "each time takes ten seconds"
;;! [web]
;;! "http://silent.example/" = []
;; Finding and reaching somebody may take ten seconds, and is a timeout then.
(module
  (import "astrid:net/host@1.0.0" "connect-tcp" (func $connect (param i32 i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "clock-monotonic-ns" (func $clock (result i64)))
  (func $case
    (local $start i64)
    (local.set $start (call $clock))
    (call $connect (@text "silent.example") (i32.const 80) (i32.const 0))
    (call $error (@error "timeout") (@text "connect-tcp"))
    (call $check
      (i64.ge_u (i64.sub (call $clock) (local.get $start)) (i64.const 10000000000))
      (@text "ten seconds"))))
