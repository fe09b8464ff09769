;;! interface = "net"
;;! covers = ["bind-unix", "capability-denied"]
;;! capabilities = { net_connect = ["unix:*"] }
;; Without an entry in `net_bind` a capsule has no socket.
(module
  (import "astrid:net/host@1.0.0" "bind-unix"
    (func $bind (param i32)))
  (func $case
    (call $bind (i32.const 0))
    (call $error (@error "capability-denied") (@text "bind-unix"))))
