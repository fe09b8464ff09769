;;! interface = "net"
;;! covers = ["unix-listener.poll-accept"]
;;! parked = [{ cancel = true }]
;;! phase = "install"
;;! expect = "cancelled ok"
;;! real-time = true
;;! capabilities = { net_bind = ["unix:*"] }
;; When the capsule is ended from outside, `poll-accept` finds nobody.
(module
  (import "astrid:net/host@1.0.0" "bind-unix"
    (func $bind (param i32)))
  (import "astrid:net/host@1.0.0" "[method]unix-listener.poll-accept"
    (func $poll-accept (param i32 i64 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $open (result i32)
    (call $bind (i32.const 0))
    (call $ok (@text "bind-unix"))
    (i32.load (i32.const 4)))
  (func $case
    (local $door i32)
    (local.set $door (call $open))
    (call $log (i32.const 0) (@text "parked"))
    (call $poll-accept (local.get $door) (i64.const 60000) (i32.const 0))
    (call $ok (@text "poll-accept"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "nobody"))))
