;;! interface = "net"
;;! with = "tcp"
;;! covers = ["bind-tcp", "tcp-listener.local-addr", "capability-denied", "airlock-rejected"]
;;! real-time = true
;;! capabilities = { net_bind = ["LocalHost:0", "127.0.0.1:0", "[::1]:0", "93.184.216.34:0", "localhost.example:0"] }
;; The only name that is listened at is `localhost`, in whatever case, which is 127.0.0.1; port 0 is one
;; that is free, and has to be granted as such.
(module
  (func $case
    (call $bind (@text "LOCALHOST") (i32.const 0) (i32.const 0))
    (call $ok (@text "localhost"))
    (global.set $listener (i32.load (i32.const 4)))
    (call $listener-addr (global.get $listener) (i32.const 0))
    (call $text (i32.load (i32.const 4)) (i32.const 10) (@text "127.0.0.1:") (@text "its address"))
    (call $check (call $port (global.get $listener)) (@text "its port"))
    (call $drop-listener (global.get $listener))
    (call $bind (@text "localhost") (i32.const 8080) (i32.const 0))
    (call $error (@error "capability-denied") (@text "a port of its own"))
    (call $bind (@text "::1") (i32.const 0) (i32.const 0))
    (call $error (@error "capability-denied") (@text "an address in another spelling"))
    (call $bind (@text "93.184.216.34") (i32.const 0) (i32.const 0))
    (call $error (@error "airlock-rejected") (@text "a public address"))
    (call $bind (@text "localhost.example") (i32.const 0) (i32.const 0))
    (call $error (@error "airlock-rejected") (@text "a name that begins so"))))
