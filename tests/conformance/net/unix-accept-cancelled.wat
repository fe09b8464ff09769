;;! interface = "net"
;;! covers = ["unix-listener.accept"]
;;! parked = [{ cancel = true }]
;;! phase = "install"
;;! expect = "cancelled ok"
;;! real-time = true
;;! capabilities = { net_bind = ["unix:*"] }
;; When the capsule is ended from outside, `accept` ends with `closed`.
(module
  (import "astrid:net/host@1.0.0" "bind-unix"
    (func $bind (param i32)))
  (import "astrid:net/host@1.0.0" "[method]unix-listener.accept"
    (func $accept (param i32 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $open (result i32)
    (call $bind (i32.const 0))
    (call $ok (@text "bind-unix"))
    (i32.load (i32.const 4)))
  (func $case
    (local $door i32)
    (local.set $door (call $open))
    (call $log (i32.const 0) (@text "parked"))
    (call $accept (local.get $door) (i32.const 0))
    (call $error (@error "closed") (@text "accept"))))
