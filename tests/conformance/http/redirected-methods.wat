;;! interface = "http"
;;! with = "http"
;;! covers = ["http-request-opts"]
;;! capabilities = { net = ["a.example"] }
;;! names = { "a.example" = ["93.184.216.34"] }
;;! not-replayed = "it compares what sounds secret byte by byte"
;;! [web]
;;! "http://a.example/300" = ["HTTP/1.1 300 Choose\r\nlocation: /echo\r\n\r\n"]
;;! "http://a.example/301" = ["HTTP/1.1 301 Moved\r\nlocation: /echo\r\n\r\n"]
;;! "http://a.example/302" = ["HTTP/1.1 302 Found\r\nlocation: /echo\r\n\r\n"]
;;! "http://a.example/303" = ["HTTP/1.1 303 Other\r\nlocation: /echo\r\n\r\n"]
;;! "http://a.example/307" = ["HTTP/1.1 307 There\r\nlocation: /echo\r\n\r\n"]
;;! "http://a.example/port" = ["HTTP/1.1 308 There\r\nlocation: http://a.example:81/echo\r\n\r\n"]
;;! "https://a.example/down" = ["HTTP/1.1 308 There\r\nlocation: http://a.example/echo\r\n\r\n"]
;;! "http://a.example/same" = ["HTTP/1.1 308 There\r\nlocation: http://A.example:80/echo\r\n\r\n"]
;;! "http://a.example/created" = ["HTTP/1.1 201 Created\r\nlocation: /echo\r\ncontent-length: 2\r\n\r\nok"]
;;! "http://a.example/echo" = [{ echo = true }]
;;! "http://a.example:81/echo" = [{ echo = true }]
;; A redirect of 301, 302 or 303 makes GET of all but HEAD, without a body and what describes it; any
;; other keeps the method. Credentials go along to the same scheme, host and port alone.
(module
  (func $begin (param $url i32) (param $bytes i32) (param $method i32)
    (call $url (local.get $url) (local.get $bytes))
    (call $method (local.get $method))
    (call $auto-decompress (i32.const 0)))
  (func $becomes-get (param $url i32) (param $bytes i32) (param $method i32)
    (call $begin (local.get $url) (local.get $bytes) (local.get $method))
    (call $header (@text "content-type") (@text "text/plain"))
    (call $header (@text "content-length") (@text "1"))
    (call $body (@text "b"))
    (call $send)
    (call $answers (i32.const 200)
      (@text "GET /echo HTTP/1.1\0d\0ahost: a.example\0d\0aaccept: */*\0d\0a\0d\0a")
      (local.get $url) (local.get $bytes)))
  (func $stays (param $url i32) (param $bytes i32)
    (call $begin (local.get $url) (local.get $bytes) (i32.const 8))
    (call $header (@text "content-type") (@text "text/plain"))
    (call $body (@text "b"))
    (call $send)
    (call $answers (i32.const 200)
      (@text "PATCH /echo HTTP/1.1\0d\0ahost: a.example\0d\0acontent-type: text/plain\0d\0aaccept: */*\0d\0acontent-length: 1\0d\0a\0d\0ab")
      (local.get $url) (local.get $bytes)))
  ;; The answer to HEAD has no body, whatever is echoed.
  (func $stays-head (param $url i32) (param $bytes i32)
    (call $begin (local.get $url) (local.get $bytes) (i32.const 1))
    (call $send)
    (call $answers (i32.const 200) (@text "") (local.get $url) (local.get $bytes))
    (call $came-from (@text "http://a.example/echo") (i32.const 1)
      (local.get $url) (local.get $bytes)))
  (func $authorized (param $url i32) (param $bytes i32)
    (call $begin (local.get $url) (local.get $bytes) (i32.const 0))
    (call $header (@text "authorization") (@text "s"))
    (call $header (@text "cookie") (@text "c"))
    (call $send))
  (func $case
    (call $becomes-get (@text "http://a.example/301") (i32.const 2))
    (call $becomes-get (@text "http://a.example/302") (i32.const 3))
    (call $becomes-get (@text "http://a.example/303") (i32.const 4))
    (call $stays (@text "http://a.example/307"))
    (call $stays (@text "http://a.example/300"))
    (call $stays-head (@text "http://a.example/301"))
    (call $stays-head (@text "http://a.example/302"))
    (call $authorized (@text "http://a.example/same"))
    (call $answers (i32.const 200)
      (@text "GET /echo HTTP/1.1\0d\0ahost: a.example\0d\0aauthorization: s\0d\0acookie: c\0d\0aaccept: */*\0d\0a\0d\0a")
      (@text "to the same origin in another spelling"))
    (call $authorized (@text "http://a.example/port"))
    (call $answers (i32.const 200)
      (@text "GET /echo HTTP/1.1\0d\0ahost: a.example:81\0d\0aaccept: */*\0d\0a\0d\0a")
      (@text "to another port"))
    (call $authorized (@text "https://a.example/down"))
    (call $answers (i32.const 200)
      (@text "GET /echo HTTP/1.1\0d\0ahost: a.example\0d\0aaccept: */*\0d\0a\0d\0a")
      (@text "to another scheme"))
    (call $begin (@text "http://a.example/created") (i32.const 2))
    (call $send)
    (call $answers (i32.const 201) (@text "ok") (@text "a location that is no redirect"))))
