;;! interface = "http@1.0.0"
;;! with = "http-1-0"
;;! covers = ["http-request", "capability-denied", "invalid-request", "dns-error", "airlock-rejected", "tls-error", "connection-error", "body-too-large", "protocol"]
;;! capabilities = { net = ["a.example", "none.example", "refuses.example", "wrong.example", "127.0.0.1"] }
;;! [names]
;;! "a.example" = ["93.184.216.34"]
;;! "none.example" = []
;;! "refuses.example" = ["192.0.2.1"]
;;! "wrong.example" = ["93.184.216.34"]
;;! [web]
;;! "http://a.example/" = [{ echo = true }]
;;! "http://a.example/gzip" = ["HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\nraw"]
;;! "http://a.example/over" = ["HTTP/1.1 200 OK\r\ncontent-length: 10485761\r\n\r\n", { zeroes = 10485761 }]
;;! "http://a.example/short" = ["HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe"]
;;! "http://a.example/local" = ["HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1/\r\n\r\n"]
;;! "http://a.example/round" = ["HTTP/1.1 302 Found\r\nlocation: /round\r\n\r\n"]
;; Version 1.0.0 does what 1.1.0 does without options, except that bodies come as they are, and that
;; it has fewer errors.
(module
  (import "astrid:http/host@1.0.0" "[method]http-stream.status"
    (func $unused (param i32) (result i32)))
  (func $fails (param $url i32) (param $bytes i32) (param $error i32)
    (call $get (local.get $url) (local.get $bytes))
    (call $error (local.get $error) (local.get $url) (local.get $bytes)))
  (func $case
    (call $post (@text "http://a.example/") (@text "X-A") (@text "1") (@text "body"))
    (call $answers (i32.const 200) (@text "POST / HTTP/1.1\0d\0ahost: a.example\0d\0ax-a: 1\0d\0aaccept: */*\0d\0acontent-length: 4\0d\0a\0d\0abody") (@text "what was sent"))
    (call $get (@text "http://a.example/gzip"))
    (call $answers (i32.const 200) (@text "raw") (@text "an encoded body"))
    (call $number (i32.load (i32.const 12)) (i32.const 1) (@text "with its header"))
    (call $fails (@text "http://b.example/") (@error "capability-denied"))
    (call $fails (@text "nonsense") (@error "invalid-request"))
    (call $fails (@text "ftp://a.example/") (@error "invalid-request"))
    (call $post (@text "http://a.example/") (@text "x") (@text "1\0d\0ay: 2") (@text ""))
    (call $error (@error "invalid-request") (@text "a line break"))
    (call $fails (@text "http://none.example/") (@error "dns-error"))
    (call $fails (@text "http://127.0.0.1/") (@error "airlock-rejected"))
    (call $fails (@text "http://a.example/local") (@error "airlock-rejected"))
    (call $fails (@text "https://wrong.example/") (@error "tls-error"))
    (call $fails (@text "http://refuses.example/") (@error "connection-error"))
    (call $fails (@text "http://a.example/over") (@error "body-too-large"))
    (call $fails (@text "http://a.example/short") (@error "protocol"))
    (call $fails (@text "http://a.example/round") (@error "protocol"))))
