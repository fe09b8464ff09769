;;! interface = "net"
;;! covers = ["connect-tcp", "connection-refused"]
;;! capabilities = { net_connect = ["two.example:80", "none.example:80"] }
;;! names = { "two.example" = ["192.0.2.1", "93.184.216.34"], "none.example" = ["192.0.2.1", "192.0.2.1"] }
;;! [web]
;;! "http://two.example/" = []
;; The addresses of a name are tried in turn until one answers; what the last one said is the error.
(module
  (import "astrid:net/host@1.0.0" "connect-tcp" (func $connect (param i32 i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "[resource-drop]tcp-stream" (func $drop-stream (param i32)))
  (func $case
    (call $connect (@text "two.example") (i32.const 80) (i32.const 0))
    (call $ok (@text "the second one answers"))
    (call $drop-stream (i32.load (i32.const 4)))
    (call $connect (@text "none.example") (i32.const 80) (i32.const 0))
    (call $error (@error "connection-refused") (@text "nobody answers"))))
