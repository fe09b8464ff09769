;;! interface = "net"
;;! covers = ["connect-tcp", "lookup-host", "capability-denied", "airlock-rejected"]
;;! phase = "install"
;;! capabilities = { net_connect = ["inside.example:*"] }
;;! names = { "inside.example" = ["10.0.0.1"] }
;; A lifecycle hook reaches what the manifest names, and nothing that is local.
(module
  (import "astrid:net/host@1.0.0" "connect-tcp" (func $connect (param i32 i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "lookup-host" (func $lookup (param i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $case
    (call $connect (@text "93.184.216.34") (i32.const 80) (i32.const 0))
    (call $error (@error "capability-denied") (@text "a host that is not granted"))
    (call $connect (@text "inside.example") (i32.const 80) (i32.const 0))
    (call $error (@error "airlock-rejected") (@text "a host that is local"))
    (call $lookup (@text "inside.example") (i32.const 0))
    (call $ok (@text "its addresses"))
    (call $number (i32.load (i32.const 8)) (i32.const 0) (@text "are none"))))
