;;! interface = "net"
;;! covers = ["connect-tcp", "lookup-host", "bind-tcp", "address-not-available"]
;; What can be no host is told before permission is asked: nothing, more than 255 bytes, and NUL.
(module
  (import "astrid:net/host@1.0.0" "connect-tcp" (func $connect (param i32 i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "lookup-host" (func $lookup (param i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "bind-tcp" (func $bind (param i32 i32 i32 i32)))
  (func $fails (param $case i32) (param $host i32) (param $host-bytes i32)
    (param $text i32) (param $bytes i32)
    (call $connect (local.get $host) (local.get $host-bytes) (i32.const 80) (i32.const 0))
    (call $error (local.get $case) (local.get $text) (local.get $bytes))
    (call $lookup (local.get $host) (local.get $host-bytes) (i32.const 0))
    (call $error (local.get $case) (local.get $text) (local.get $bytes))
    (call $bind (local.get $host) (local.get $host-bytes) (i32.const 80) (i32.const 0))
    (call $error (local.get $case) (local.get $text) (local.get $bytes)))
  (func $case
    (local $long i32)
    (local.set $long (call $room (i32.const 256) (i32.const 97)))
    (call $fails (@error "address-not-available") (@text "") (@text "no host"))
    (call $fails (@error "address-not-available") (local.get $long) (i32.const 256)
      (@text "256 bytes"))
    (call $fails (@error "address-not-available") (@text "a\00b") (@text "NUL"))
    (call $fails (@error "capability-denied") (local.get $long) (i32.const 255)
      (@text "255 bytes that are not granted"))))
