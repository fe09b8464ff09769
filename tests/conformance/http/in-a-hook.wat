;;! interface = "http"
;;! with = "http"
;;! covers = ["http-request-opts", "capability-denied", "airlock-rejected"]
;;! phase = "install"
;;! capabilities = { net = ["a.example", "127.0.0.1"] }
;;! names = { "a.example" = ["93.184.216.34"] }
;;! [web]
;;! "http://a.example/" = ["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"]
;; A lifecycle hook asks the hosts that the manifest names, and nobody that is local.
(module
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $case
    (call $url (@text "http://a.example/"))
    (call $send)
    (call $answers (i32.const 200) (@text "ok") (@text "a host that is granted"))
    (call $url (@text "http://b.example/"))
    (call $send)
    (call $error-8 (@error "capability-denied") (@text "one that is not"))
    (call $url (@text "http://127.0.0.1/"))
    (call $send)
    (call $error-8 (@error "airlock-rejected") (@text "this machine"))))
