;;! interface = "http"
;;! with = "http"
;;! covers = ["tls-error"]
;;! capabilities = { net = ["*"] }
;;! [names]
;;! "a.example" = ["93.184.216.34"]
;;! "wrong.example" = ["93.184.216.34"]
;;! "plain.example" = ["93.184.216.34"]
;;! [web]
;;! "https://a.example/" = ["HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret"]
;;! "https://a.example/down" = ["HTTP/1.1 302 Found\r\nlocation: http://a.example/\r\n\r\n"]
;;! "https://wrong.example/" = ["HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret"]
;;! "http://a.example/" = ["HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nplain"]
;; Certificates are checked against the name in the URL.
(module
  (import "astrid:http/host@1.1.0" "[method]http-stream.status"
    (func $unused (param i32) (result i32)))
  (func $case
    (call $url (@text "https://a.example/"))
    (call $https-only (i32.const 1))
    (call $send)
    (call $answers (i32.const 200) (@text "secret") (@text "a good certificate"))
    (call $url (@text "https://wrong.example/"))
    (call $send)
    (call $error-8 (@error "tls-error") (@text "a certificate of another name"))
    (call $url (@text "https://93.184.216.34/"))
    (call $send)
    (call $error-8 (@error "tls-error") (@text "a certificate without the address"))
    (call $url (@text "https://plain.example:80/"))
    (call $send)
    (call $error-8 (@error "tls-error") (@text "no TLS at all"))
    (call $url (@text "https://a.example/down"))
    (call $send)
    (call $answers (i32.const 200) (@text "plain") (@text "down to http"))
    (call $https-only (i32.const 1))
    (call $send)
    (call $error-8 (@error "scheme-denied") (@text "down to http where https is wanted"))))
