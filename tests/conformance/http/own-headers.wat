;;! interface = "http"
;;! with = "http"
;;! covers = ["http-request-opts"]
;;! capabilities = { net = ["a.example", "b.example"] }
;;! names = { "a.example" = ["93.184.216.34"] }
;;! not-replayed = "it compares what sounds secret byte by byte"
;;! [web]
;;! "http://a.example/" = [{ echo = true }]
;;! "http://b.example/" = [{ echo = true }]
;; What a guest says about itself is sent as it says it, in its order; what it does not say the host adds,
;; and nothing about itself. Nothing is remembered from one request to the next.
(module
  (func $case
    (call $url (@text "http://a.example/"))
    (call $header (@text "Accept") (@text "text/plain"))
    (call $header (@text "User-Agent") (@text "mine"))
    (call $header (@text "Cookie") (@text "a=b"))
    (call $header (@text "Accept-Encoding") (@text "identity"))
    (call $header (@text "x-utf8") (@text "\u{e4}"))
    (call $header (@text "host") (@text "b.example"))
    (call $send)
    (call $answers (i32.const 200)
      (@text "GET / HTTP/1.1\0d\0ahost: b.example\0d\0aaccept: text/plain\0d\0auser-agent: mine\0d\0acookie: a=b\0d\0aaccept-encoding: identity\0d\0ax-utf8: \u{e4}\0d\0a\0d\0a")
      (@text "all of its own"))
    (call $url (@text "http://a.example/"))
    (call $send)
    (call $answers (i32.const 200)
      (@text "GET / HTTP/1.1\0d\0ahost: a.example\0d\0aaccept: */*\0d\0aaccept-encoding: gzip, br, deflate, zstd\0d\0a\0d\0a")
      (@text "nothing of its own"))
    (call $url (@text "http://a.example/"))
    (call $auto-decompress (i32.const 0))
    (call $send)
    (call $answers (i32.const 200)
      (@text "GET / HTTP/1.1\0d\0ahost: a.example\0d\0aaccept: */*\0d\0a\0d\0a")
      (@text "a body as it is"))))
