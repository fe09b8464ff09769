;;! interface = "http"
;;! with = "http"
;;! covers = ["http-request", "http-request-opts"]
;;! capabilities = { net = ["a.example"] }
;;! names = { "a.example" = ["93.184.216.34"] }
;;! [web]
;;! "http://a.example/" = ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Two: 1\r\nX-Two: ä\r\n\r\nhello and what nobody asked for"]
;;! "http://a.example/none" = ["HTTP/1.1 204 No Content\r\n\r\n"]
;;! "http://a.example/head" = ["HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\ncontent-encoding: gzip\r\n\r\n"]
;;! "http://a.example/open" = ["HTTP/1.0 503 Sorry\r\n\r\nuntil the end"]
;;! "http://a.example/slow" = ["HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"]
;;! "http://a.example/echo?q=1" = [{ echo = true }]
;; A request goes out as it was written, a whole response comes back, and no status is an error. A
;; body ends where its length says, whatever else is sent.
(module
  (import "astrid:http/host@1.1.0" "[method]http-stream.status"
    (func $unused (param i32) (result i32)))
  (func $case
    (call $url (@text "http://a.example"))
    (call $send-plain)
    (call $answers (i32.const 200) (@text "hello") (@text "a plain request"))
    (call $header-is (@text "content-length") (@text "5") (@text "a name in lower case"))
    (call $header-is (@text "x-two") (@text "ä") (@text "the last of two"))
    (call $number (i32.load (i32.const 16)) (i32.const 3) (@text "three headers"))
    (call $came-from (@text "http://a.example/") (i32.const 0) (@text "where from"))
    (call $equal (i64.load (i32.const 56)) (i64.const 5) (@text "bytes on the wire"))
    (call $send)
    (call $answers (i32.const 200) (@text "hello") (@text "a request without options"))
    (call $url (@text "http://a.example/none"))
    (call $send-plain)
    (call $answers (i32.const 204) (@text "") (@text "no content"))
    (call $url (@text "http://a.example/nowhere"))
    (call $send-plain)
    (call $answers (i32.const 404) (@text "nothing is at http://a.example/nowhere") (@text "404"))
    (call $url (@text "http://a.example/head"))
    (call $method (i32.const 1))
    (call $send-plain)
    (call $answers (i32.const 200) (@text "") (@text "a head without its body"))
    (call $url (@text "http://a.example/open"))
    (call $send-plain)
    (call $answers (i32.const 503) (@text "until the end") (@text "a body without a length"))
    (call $url (@text "http://a.example/slow"))
    (call $send-plain)
    (call $answers (i32.const 200) (@text "abc") (@text "chunks after an early hint"))
    (call $url (@text "HTTP://Ada:pw@A.Example/echo?q=1#here"))
    (call $other-method (@text "Query"))
    (call $header (@text "X-B") (@text "2"))
    (call $header (@text "x-a") (@text "1"))
    (call $header (@text "x-B") (@text "3"))
    (call $header (@text "Connection") (@text "close"))
    (call $header (@text "Content-Length") (@text "4"))
    (call $body (@text "body"))
    (call $send-plain)
    (call $answers (i32.const 200) (@text "Query /echo?q=1 HTTP/1.1\0d\0ahost: a.example\0d\0ax-b: 2\0d\0ax-b: 3\0d\0ax-a: 1\0d\0aauthorization: Basic QWRhOnB3\0d\0aaccept: */*\0d\0aaccept-encoding: gzip, br, deflate, zstd\0d\0acontent-length: 4\0d\0a\0d\0abody") (@text "what was sent"))
    (call $came-from (@text "http://a.example/echo?q=1#here") (i32.const 0) (@text "without a password"))))
