;;! interface = "http"
;;! with = "http"
;;! covers = ["redirect-blocked", "too-many-redirects"]
;;! capabilities = { net = ["a.example", "b.example", "127.0.0.1", "inside.example"] }
;;! allow-local = ["127.0.0.1:80", "local.example:80"]
;;! not-replayed = "it compares a password in a URL byte by byte"
;;! [names]
;;! "a.example" = ["93.184.216.34"]
;;! "b.example" = ["93.184.216.35"]
;;! "c.example" = ["93.184.216.36"]
;;! "inside.example" = ["10.0.0.1"]
;;! [web]
;;! "http://a.example/0" = ["HTTP/1.1 302 Found\r\nlocation: 1\r\n\r\n"]
;;! "http://a.example/1" = ["HTTP/1.1 301 Moved\r\nlocation: /2\r\n\r\n"]
;;! "http://a.example/2" = ["HTTP/1.1 303 Other\r\nlocation: //b.example/3\r\n\r\n"]
;;! "http://b.example/3" = ["HTTP/1.1 307 There\r\nlocation: http://a.example/4\r\n\r\n"]
;;! "http://a.example/4" = ["HTTP/1.1 308 There\r\nlocation: 5\r\n\r\n"]
;;! "http://a.example/5" = ["HTTP/1.1 302 Found\r\nlocation: 6\r\n\r\n"]
;;! "http://a.example/6" = ["HTTP/1.1 302 Found\r\nlocation: 7\r\n\r\n"]
;;! "http://a.example/7" = ["HTTP/1.1 302 Found\r\nlocation: 8\r\n\r\n"]
;;! "http://a.example/8" = ["HTTP/1.1 302 Found\r\nlocation: 9\r\n\r\n"]
;;! "http://a.example/9" = ["HTTP/1.1 302 Found\r\nlocation: 10\r\n\r\n"]
;;! "http://a.example/10" = ["HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nten"]
;;! "http://a.example/more" = ["HTTP/1.1 302 Found\r\nlocation: 0\r\n\r\n"]
;;! "http://a.example/away" = ["HTTP/1.1 307 There\r\nlocation: http://b.example/echo\r\n\r\n"]
;;! "http://a.example/see" = ["HTTP/1.1 303 Other\r\nlocation: /echo\r\n\r\n"]
;;! "http://a.example/same" = ["HTTP/1.1 308 There\r\nlocation: /echo\r\n\r\n"]
;;! "http://a.example/echo" = [{ echo = true }]
;;! "http://b.example/echo" = [{ echo = true }]
;;! "http://a.example/nowhere" = ["HTTP/1.1 302 Found\r\ncontent-length: 4\r\n\r\nhere"]
;;! "http://a.example/denied" = ["HTTP/1.1 302 Found\r\nlocation: http://c.example/\r\n\r\n"]
;;! "http://a.example/local" = ["HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1/\r\n\r\n"]
;;! "http://a.example/inside" = ["HTTP/1.1 302 Found\r\nlocation: http://inside.example/\r\n\r\n"]
;;! "http://a.example/gopher" = ["HTTP/1.1 302 Found\r\nlocation: gopher://a.example/\r\n\r\n"]
;;! "http://a.example/broken" = ["HTTP/1.1 302 Found\r\nlocation: http://[\r\n\r\n"]
;;! "http://127.0.0.1/" = ["HTTP/1.1 302 Found\r\nlocation: http://a.example/10\r\ncontent-length: 2\r\n\r\ngo"]
;; Redirects are followed as far as policy goes, which is asked again each time; what is local is
;; nowhere to be redirected to, nor is a local server somebody to be redirected by.
(module
  (import "astrid:http/host@1.1.0" "[method]http-stream.status"
    (func $unused (param i32) (result i32)))
  (func $case
    (call $url (@text "http://a.example/0"))
    (call $send-plain)
    (call $answers (i32.const 200) (@text "ten") (@text "ten redirects"))
    (call $came-from (@text "http://a.example/10") (i32.const 10) (@text "the last of ten"))
    (call $url (@text "http://a.example/more"))
    (call $send-plain)
    (call $error-8 (@error "too-many-redirects") (@text "eleven redirects"))
    (call $url (@text "http://a.example/8"))
    (call $max-redirects (i32.const 1))
    (call $send)
    (call $error-8 (@error "too-many-redirects") (@text "two where one is allowed"))
    (call $max-redirects (i32.const 0))
    (call $send)
    (call $error-8 (@error "too-many-redirects") (@text "one where none is allowed"))
    (call $redirect (i32.const 1))
    (call $send)
    (call $error-8 (@error "redirect-blocked") (@text "one where it is an error"))
    (call $url (@text "http://a.example/8"))
    (call $redirect (i32.const 2))
    (call $send)
    (call $answers (i32.const 302) (@text "") (@text "one that is wanted as it is"))
    (call $header-is (@text "location") (@text "9") (@text "where it leads"))
    (call $url (@text "http://a.example/nowhere"))
    (call $send)
    (call $answers (i32.const 302) (@text "here") (@text "one that leads nowhere"))
    (call $url (@text "http://a.example/denied"))
    (call $send)
    (call $error-8 (@error "capability-denied") (@text "to a host that is not granted"))
    (call $url (@text "http://a.example/local"))
    (call $send)
    (call $error-8 (@error "redirect-blocked") (@text "to an exempt address"))
    (call $url (@text "http://a.example/inside"))
    (call $send)
    (call $error-8 (@error "redirect-blocked") (@text "to a name of a private address"))
    (call $url (@text "http://a.example/gopher"))
    (call $send)
    (call $error-8 (@error "scheme-denied") (@text "to another scheme"))
    (call $url (@text "http://a.example/broken"))
    (call $send)
    (call $error-8 (@error "protocol") (@text "to no URL"))
    (call $url (@text "http://127.0.0.1/"))
    (call $send)
    (call $answers (i32.const 302) (@text "go") (@text "one of an exempt server"))
    (call $url (@text "http://a.example/away"))
    (call $method (i32.const 2))
    (call $header (@text "authorization") (@text "secret"))
    (call $header (@text "cookie") (@text "secret"))
    (call $header (@text "x-a") (@text "1"))
    (call $auto-decompress (i32.const 0))
    (call $body (@text "b"))
    (call $send)
    (call $answers (i32.const 200) (@text "POST /echo HTTP/1.1\0d\0ahost: b.example\0d\0ax-a: 1\0d\0aaccept: */*\0d\0acontent-length: 1\0d\0a\0d\0ab") (@text "to another origin"))
    (call $url (@text "http://a.example/see"))
    (call $method (i32.const 2))
    (call $header (@text "authorization") (@text "secret"))
    (call $header (@text "content-type") (@text "text/plain"))
    (call $auto-decompress (i32.const 0))
    (call $body (@text "b"))
    (call $send)
    (call $answers (i32.const 200) (@text "GET /echo HTTP/1.1\0d\0ahost: a.example\0d\0aauthorization: secret\0d\0aaccept: */*\0d\0a\0d\0a") (@text "from POST to GET"))
    (call $url (@text "http://a.example/same"))
    (call $method (i32.const 3))
    (call $header (@text "content-type") (@text "text/plain"))
    (call $auto-decompress (i32.const 0))
    (call $body (@text "b"))
    (call $send)
    (call $answers (i32.const 200) (@text "PUT /echo HTTP/1.1\0d\0ahost: a.example\0d\0acontent-type: text/plain\0d\0aaccept: */*\0d\0acontent-length: 1\0d\0a\0d\0ab") (@text "the same once more"))))
