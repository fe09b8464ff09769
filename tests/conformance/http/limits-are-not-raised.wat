;;! interface = "http"
;;! with = "http"
;;! covers = ["too-many-redirects", "body-too-large", "timeout"]
;;! real-time = true
;;! capabilities = { net = ["a.example"] }
;;! names = { "a.example" = ["93.184.216.34"] }
;;! [web]
;;! "http://a.example/round" = ["HTTP/1.1 302 Found\r\nlocation: /round\r\n\r\n"]
;;! "http://a.example/over" = ["HTTP/1.1 200 OK\r\ncontent-length: 10485761\r\n\r\n", { zeroes = 10485761 }]
;;! "http://a.example/stalls" = ["HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe", { hold = true }]
;;! "http://a.example/slow" = ["HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n", { drip = 20 }]
;; What a guest asks for lowers limits and raises none. The time for the first byte is that for every
;; further one when nothing else is said, and how long it all took is told.
(module
  (func $case
    (call $url (@text "http://a.example/round"))
    (call $max-redirects (i32.const -1))
    (call $send)
    (call $error-8 (@error "too-many-redirects") (@text "as many redirects as can be written down"))
    (call $url (@text "http://a.example/over"))
    (call $max-response-bytes (i64.const -1))
    (call $send)
    (call $error-8 (@error "body-too-large") (@text "10 MiB and a byte"))
    (call $url (@text "http://a.example/stalls"))
    (call $first-byte-ms (i64.const 300))
    (call $send)
    (call $error-8 (@error "timeout") (@text "a body that stalls"))
    (call $url (@text "http://a.example/slow"))
    (call $first-byte-ms (i64.const 20000))
    (call $send)
    (call $ok (@text "a slow body"))
    (call $number (i32.load (i32.const 24)) (i32.const 3) (@text "all of it"))
    (call $check (i64.ge_u (i64.load (i32.const 48)) (i64.const 40)) (@text "how long it took"))))
