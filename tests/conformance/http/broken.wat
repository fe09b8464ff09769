;;! interface = "http"
;;! with = "http"
;;! covers = ["protocol", "connection-error"]
;;! capabilities = { net = ["a.example"] }
;;! names = { "a.example" = ["93.184.216.34"] }
;;! [web]
;;! "http://a.example/noise" = ["SSH-2.0-x\r\n\r\n"]
;;! "http://a.example/nothing" = []
;;! "http://a.example/half" = ["HTTP/1.1 200 OK\r\nx: "]
;;! "http://a.example/short" = ["HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe"]
;;! "http://a.example/long" = ["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhello"]
;;! "http://a.example/two" = ["HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nhello"]
;;! "http://a.example/sign" = ["HTTP/1.1 200 OK\r\ncontent-length: -2\r\n\r\nhello"]
;;! "http://a.example/chunk" = ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n"]
;;! "http://a.example/chunks" = ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"]
;;! "http://a.example/both" = ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 1\r\n\r\n5\r\nhello\r\n0\r\n\r\n"]
;;! "http://a.example/huge" = ["HTTP/1.1 200 OK\r\nx: ", { zeroes = 1000000 }]
;;! "http://a.example/other" = ["HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", { hold = true }]
;; A response that breaks the rules is an error, never half of an answer; one that has a length and
;; chunks is read by its chunks alone.
(module
  (import "astrid:http/host@1.1.0" "[method]http-stream.status"
    (func $unused (param i32) (result i32)))
  (func $fails (param $url i32) (param $bytes i32) (param $error i32)
    (call $url (local.get $url) (local.get $bytes))
    (call $send)
    (call $error-8 (local.get $error) (local.get $url) (local.get $bytes)))
  (func $case (local $stream i32)
    (call $fails (@text "http://a.example/noise") (@error "protocol"))
    (call $fails (@text "http://a.example/nothing") (@error "connection-error"))
    (call $fails (@text "http://a.example/half") (@error "connection-error"))
    (call $fails (@text "http://a.example/short") (@error "protocol"))
    (call $fails (@text "http://a.example/two") (@error "protocol"))
    (call $fails (@text "http://a.example/sign") (@error "protocol"))
    (call $fails (@text "http://a.example/chunk") (@error "protocol"))
    (call $fails (@text "http://a.example/chunks") (@error "protocol"))
    (call $fails (@text "http://a.example/huge") (@error "protocol"))
    (call $fails (@text "http://a.example/other") (@error "protocol"))
    (call $url (@text "http://a.example/long"))
    (call $send)
    (call $answers (i32.const 200) (@text "he") (@text "more than was announced"))
    (call $url (@text "http://a.example/both"))
    (call $send)
    (call $answers (i32.const 200) (@text "hello") (@text "a length beside chunks"))
    (call $url (@text "http://a.example/short"))
    (local.set $stream (call $start))
    (call $ok (@text "a stream that is too short"))
    (call $equal (call $read-all (local.get $stream)) (i64.const 2) (@text "what there is of it"))
    (call $error (@error "protocol") (@text "the rest of it"))
    (call $read-chunk (local.get $stream) (i32.const 0))
    (call $error (@error "protocol") (@text "the rest of it, later"))
    (call $drop-stream (local.get $stream))))
