;;! interface = "net"
;;! covers = ["capability-denied", "address-not-available", "airlock-rejected", "udp-bind"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:80", "::ffff:127.0.0.1:80", "inside.example:80", "mixed.example:80"], net_bind = ["0.0.0.0:80", "inside.example:80"] }
;;! names = { "inside.example" = ["127.0.0.1"], "mixed.example" = ["93.184.216.34", "::1"] }
;; What the manifest does not name is denied before anything else is looked at; what it names is still
;; not reached where it is local; datagrams are refused to everybody.
(module
  (import "astrid:net/host@1.0.0" "bind-tcp" (func $bind (param i32 i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "connect-tcp" (func $connect (param i32 i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "udp-bind" (func $udp (param i32 i32 i32 i32)))
  (func $case
    (call $connect (@text "10.0.0.1") (i32.const 80) (i32.const 0))
    (call $error (@error "capability-denied") (@text "a host that is not granted"))
    (call $connect (@text "127.0.0.1") (i32.const 81) (i32.const 0))
    (call $error (@error "capability-denied") (@text "a port that is not granted"))
    (call $connect (@text "") (i32.const 80) (i32.const 0))
    (call $error (@error "address-not-available") (@text "no host"))
    (call $connect (@text "127.0.0.1") (i32.const 80) (i32.const 0))
    (call $error (@error "airlock-rejected") (@text "this machine"))
    (call $connect (@text "::ffff:127.0.0.1") (i32.const 80) (i32.const 0))
    (call $error (@error "airlock-rejected") (@text "this machine, mapped"))
    (call $connect (@text "inside.example") (i32.const 80) (i32.const 0))
    (call $error (@error "airlock-rejected") (@text "a name of this machine"))
    (call $connect (@text "mixed.example") (i32.const 80) (i32.const 0))
    (call $error (@error "airlock-rejected") (@text "a name with one bad address"))
    (call $bind (@text "127.0.0.1") (i32.const 0) (i32.const 0))
    (call $error (@error "capability-denied") (@text "a listener that is not granted"))
    (call $bind (@text "0.0.0.0") (i32.const 80) (i32.const 0))
    (call $error (@error "airlock-rejected") (@text "a listener for everybody"))
    (call $bind (@text "inside.example") (i32.const 80) (i32.const 0))
    (call $error (@error "airlock-rejected") (@text "a listener by name"))
    (call $udp (@text "127.0.0.1") (i32.const 0) (i32.const 0))
    (call $error (@error "capability-denied") (@text "datagrams"))))
