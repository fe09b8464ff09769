;;! interface = "request-context"
;;! with = "tcp"
;;! covers = ["connection-owner", "connection-principal"]
;;! real-time = true
;;! capabilities = { net_connect = ["127.0.0.1:*"], net_bind = ["127.0.0.1:*"] }
;;! allow-local = ["127.0.0.1:*"]
;; The peer of a TCP connection is nobody in particular.
(module
  (import "astrid:request-context/host@1.0.0" "connection-owner" (func $owner (param i32 i32)))
  (import "astrid:request-context/host@1.0.0" "connection-principal"
    (func $principal (param i32 i32)))
  (func $case
    (call $pair)
    (call $owner (global.get $server) (i32.const 0))
    (call $ok (@text "owner"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "no owner"))
    (call $principal (global.get $client) (i32.const 0))
    (call $ok (@text "principal"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "no principal"))
    (call $drop-stream (global.get $client))
    (call $drop-stream (global.get $server))
    (call $drop-listener (global.get $listener))))
