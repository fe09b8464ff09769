;;! interface = "http"
;;! with = "http"
;;! covers = ["connection-error"]
;;! capabilities = { net = ["a.example"] }
;;! names = { "a.example" = ["93.184.216.34"] }
;;! offline = true
;;! [web]
;;! "http://a.example/" = ["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"]
;; Offline nothing is reached; what the manifest does not name is denied all the same.
(module
  (import "astrid:http/host@1.1.0" "[method]http-stream.status"
    (func $unused (param i32) (result i32)))
  (func $case
    (call $url (@text "http://a.example/"))
    (call $send)
    (call $error-8 (@error "connection-error") (@text "offline"))
    (drop (call $start))
    (call $error (@error "connection-error") (@text "a stream, offline"))
    (call $url (@text "http://b.example/"))
    (call $send)
    (call $error-8 (@error "capability-denied") (@text "denied, offline"))))
