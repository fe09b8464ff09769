;;! interface = "http"
;;! with = "http"
;;! covers = ["invalid-request", "scheme-denied"]
;;! capabilities = { net = ["*"] }
;;! names = { "a.example" = ["93.184.216.34"] }
;;! [web]
;;! "http://a.example/" = [{ echo = true }]
;; What would have the peer see another request than was checked is not sent.
(module
  (import "astrid:http/host@1.1.0" "[method]http-stream.status"
    (func $unused (param i32) (result i32)))
  (func $invalid (param $text i32) (param $bytes i32)
    (call $send)
    (call $error-8 (@error "invalid-request") (local.get $text) (local.get $bytes)))
  (func $get (call $url (@text "http://a.example/")))
  (func $smuggles (param $key i32) (param $key-bytes i32) (param $value i32)
    (param $value-bytes i32) (param $text i32) (param $bytes i32)
    (call $get)
    (call $body (@text "abc"))
    (call $header
      (local.get $key) (local.get $key-bytes) (local.get $value) (local.get $value-bytes))
    (call $invalid (local.get $text) (local.get $bytes)))
  (func $case
    (call $url (@text "")) (call $invalid (@text "no URL"))
    (call $url (@text "/path")) (call $invalid (@text "a path alone"))
    (call $url (@text "http://")) (call $invalid (@text "no host"))
    (call $url (@text "http://[fe80::1%25eth0]/")) (call $invalid (@text "a zone"))
    (call $url (@text "http://a.example:99999/")) (call $invalid (@text "no port"))
    (call $url (@text "ftp://a.example/")) (call $send)
    (call $error-8 (@error "scheme-denied") (@text "another scheme"))
    (call $url (@text "file:///etc/passwd")) (call $send)
    (call $error-8 (@error "scheme-denied") (@text "a file"))
    (call $get) (call $https-only (i32.const 1)) (call $send)
    (call $error-8 (@error "scheme-denied") (@text "http where https is wanted"))
    (call $get) (call $other-method (@text "GET / HTTP/1.1\0d\0ax:")) (call $invalid (@text "a method"))
    (call $get) (call $other-method (@text "")) (call $invalid (@text "no method"))
    (call $get) (call $method (i32.const 5)) (call $invalid (@text "a tunnel"))
    (call $smuggles (@text "x") (@text "1\0d\0aHost: b.example") (@text "a line break in a value"))
    (call $smuggles (@text "x: 1\0d\0ay") (@text "2") (@text "a line break in a name"))
    (call $smuggles (@text "x") (@text "a\00b") (@text "a zero"))
    (call $smuggles (@text "") (@text "a") (@text "no name"))
    (call $smuggles (@text "Transfer-Encoding") (@text "chunked") (@text "another framing"))
    (call $smuggles (@text "content-length") (@text "2") (@text "another length"))
    (call $get) (call $header (@text "content-length") (@text "3"))
    (call $invalid (@text "a length of nothing"))
    (call $smuggles (@text "content-length") (@text "3, 3") (@text "two lengths"))
    (call $smuggles (@text "Upgrade") (@text "websocket") (@text "another protocol"))
    (call $smuggles (@text "Host") (@text "b.example/x") (@text "no host in a header"))
    (call $get) (call $integrity (@text "sha256-AAAA")) (call $invalid (@text "no digest"))
    (call $get) (call $integrity (@text "md5-AAAA")) (call $invalid (@text "no algorithm"))
    (call $get) (call $send)
    (call $number (i32.load8_u (i32.const 0)) (i32.const 0) (@text "the rest is good"))))
