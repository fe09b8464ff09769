;;! interface = "net"
;;! covers = ["lookup-host", "capability-denied", "name-unresolvable"]
;;! capabilities = { net_connect = ["Many.example:*", "all-local.example:*", "93.184.216.34:*", "zero.example:0", "port.example:443:*"] }
;;! names = { "many.example" = ["2606:4700::1111", "::1", "93.184.216.35", "93.184.216.34", "93.184.216.35"], "all-local.example" = ["127.0.0.1", "fe80::1"], "zero.example" = ["93.184.216.34"], "port.example" = ["93.184.216.34"] }
;; All public addresses of a name come in order and as often as they are given, each with port 0, those of
;; six words in brackets. A name with local ones alone has none, which is no error.
(module
  (import "astrid:net/host@1.0.0" "lookup-host" (func $lookup (param i32 i32 i32)))
  (func $address (param $index i32) (param $wanted i32) (param $bytes i32)
    (local $at i32)
    (local.set $at
      (i32.add (i32.load (i32.const 4)) (i32.mul (local.get $index) (i32.const 8))))
    (call $text (i32.load (local.get $at)) (i32.load offset=4 (local.get $at))
      (local.get $wanted) (local.get $bytes) (@text "an address in its place")))
  (func $case
    (call $lookup (@text "MANY.example") (i32.const 0))
    (call $ok (@text "many"))
    (call $number (i32.load (i32.const 8)) (i32.const 4) (@text "how many"))
    (call $address (i32.const 0) (@text "[2606:4700::1111]:0"))
    (call $address (i32.const 1) (@text "93.184.216.35:0"))
    (call $address (i32.const 2) (@text "93.184.216.34:0"))
    (call $address (i32.const 3) (@text "93.184.216.35:0"))
    (call $lookup (@text "all-local.example") (i32.const 0))
    (call $ok (@text "only local ones"))
    (call $number (i32.load (i32.const 8)) (i32.const 0) (@text "are none"))
    (call $lookup (@text "93.184.216.34") (i32.const 0))
    (call $ok (@text "an address"))
    (call $address (i32.const 0) (@text "93.184.216.34:0"))
    (call $lookup (@text "zero.example") (i32.const 0))
    (call $ok (@text "a name that is granted for being looked up"))
    (call $lookup (@text "port.example:443") (i32.const 0))
    (call $error (@error "name-unresolvable") (@text "a name with a port"))
    (call $lookup (@text "other.example") (i32.const 0))
    (call $error (@error "capability-denied") (@text "another name"))))
