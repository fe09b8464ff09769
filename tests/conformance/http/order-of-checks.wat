;;! interface = "http"
;;! with = "http"
;;! covers = ["invalid-request", "scheme-denied", "capability-denied", "airlock-rejected", "quota"]
;;! fresh-only = "it leaves as many streams open as it may"
;;! capabilities = { net = ["a.example", "127.0.0.1"] }
;;! names = { "a.example" = ["93.184.216.34"] }
;;! [web]
;;! "http://a.example/" = ["HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", { hold = true }]
;; What is wrong with a request is told in order: its form, its scheme, its permission, where its host is.
;; A stream needs a place before any of that.
(module
  (func $fails (param $case i32) (param $text i32) (param $bytes i32)
    (call $send)
    (call $error-8 (local.get $case) (local.get $text) (local.get $bytes)))
  (func $case
    (call $url (@text "ftp://b.example/"))
    (call $other-method (@text "A B"))
    (call $fails (@error "invalid-request") (@text "no method, another scheme, another host"))
    (call $url (@text "ftp://b.example/"))
    (call $header (@text "a b") (@text ""))
    (call $fails (@error "invalid-request") (@text "no header, another scheme, another host"))
    (call $url (@text "ftp://b.example/"))
    (call $fails (@error "scheme-denied") (@text "another scheme, another host"))
    (call $url (@text "http://10.0.0.1/"))
    (call $fails (@error "capability-denied") (@text "another host, which is local"))
    (call $url (@text "http://127.0.0.1/"))
    (call $fails (@error "airlock-rejected") (@text "a host that is granted, and local"))
    (call $url (@text "http://a.example/"))
    (drop (call $start))
    (drop (call $start))
    (drop (call $start))
    (drop (call $start))
    (call $ok (@text "the fourth stream"))
    (call $url (@text "http://b.example/"))
    (drop (call $start))
    (call $error (@error "quota") (@text "a fifth, to another host"))))
