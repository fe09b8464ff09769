;;! interface = "net"
;;! with = "tcp"
;;! covers = ["capability-denied", "quota", "address-not-available"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;;! fresh-only = "what it opens stays open"
;; Who may open no more connections is told only where the permission is there.
(module
  (func $case
    (local $count i32)
    (global.set $listener (call $listen))
    (loop $more
      (drop (call $dial (global.get $listener)))
      (local.set $count (i32.add (local.get $count) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $count) (i32.const 8))))
    (call $connect (@text "93.184.216.34") (i32.const 80) (i32.const 0))
    (call $error (@error "capability-denied") (@text "a host that is not granted"))
    (call $connect (@text "") (i32.const 80) (i32.const 0))
    (call $error (@error "address-not-available") (@text "no host"))
    (call $connect (@text "127.0.0.1") (i32.const 1) (i32.const 0))
    (call $error (@error "quota") (@text "one that is granted"))
    (call $accept (global.get $listener) (i32.const 0))
    (call $error (@error "quota") (@text "accepting"))))
