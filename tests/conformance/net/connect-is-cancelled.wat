;;! interface = "net"
;;! covers = ["connect-tcp", "closed"]
;;! capabilities = { net_connect = ["silent.example:80"] }
;;! names = { "silent.example" = ["192.0.2.2"] }
;;! parked = [{ cancel = true }]
;;! [web]
;;! "http://silent.example/" = []
;; Connecting to somebody who does not answer ends with `closed` when the call is ended from outside.
(module
  (import "astrid:net/host@1.0.0" "connect-tcp" (func $connect (param i32 i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $case
    (call $log (i32.const 0) (@text "parked"))
    (call $connect (@text "silent.example") (i32.const 80) (i32.const 0))
    (call $error (@error "closed") (@text "connect-tcp"))))
