;;! interface = "net"
;;! covers = []
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;;! offline = true
;; Offline nothing is reached, whatever the manifest says.
(module
  (import "astrid:net/host@1.0.0" "connect-tcp" (func $connect (param i32 i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "lookup-host" (func $lookup (param i32 i32 i32)))
  (func $case
    (call $connect (@text "127.0.0.1") (i32.const 80) (i32.const 0))
    (call $error (@error "connection-refused") (@text "connect"))
    (call $lookup (@text "127.0.0.1") (i32.const 0))
    (call $error (@error "name-unresolvable") (@text "lookup"))))
