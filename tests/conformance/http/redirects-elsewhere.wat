;;! interface = "http"
;;! with = "http"
;;! covers = ["redirect-blocked", "capability-denied"]
;;! capabilities = { net = ["a.example", "b.example", "127.0.0.1"] }
;;! allow-local = ["127.0.0.1:80"]
;;! [names]
;;! "a.example" = ["93.184.216.34"]
;;! "a.example." = ["93.184.216.34"]
;;! "b.example" = ["93.184.216.35"]
;;! [web]
;;! "http://127.0.0.1/" = ["HTTP/1.1 303 Other\r\nlocation: http://b.example/echo\r\ncontent-length: 2\r\n\r\ngo"]
;;! "http://a.example/local" = ["HTTP/1.1 303 Other\r\nlocation: http://127.0.0.1/\r\n\r\n"]
;;! "http://a.example/dotted-local" = ["HTTP/1.1 303 Other\r\nlocation: http://127.0.0.1./\r\n\r\n"]
;;! "http://a.example/dotted" = ["HTTP/1.1 303 Other\r\nlocation: http://a.example./echo\r\n\r\n"]
;;! "http://a.example/dressed-up" = ["HTTP/1.1 303 Other\r\nlocation: http://a.example:80@c.example/\r\n\r\n"]
;;! "http://a.example/dressed-up-local" = ["HTTP/1.1 303 Other\r\nlocation: http://a.example@127.0.0.1/\r\n\r\n"]
;;! "http://a.example/as-eve" = ["HTTP/1.1 302 Found\r\nlocation: http://eve:pw@b.example/echo\r\n\r\n"]
;;! "http://b.example/echo" = [{ echo = true }]
;; Whoever asks in pieces is led no further than whoever asks at once: a local server leads nowhere, to
;; a local one leads nothing, and a host is what stands behind the name and the last dot of a URL.
(module
  (import "astrid:http/host@1.1.0" "[method]http-stream.status"
    (func $status (param i32) (result i32)))
  (import "astrid:http/host@1.1.0" "[method]http-upload.finish" (func $finish (param i32 i32)))
  (import "astrid:http/host@1.1.0" "[resource-drop]http-upload" (func $drop-upload (param i32)))
  ;; Ends with what a stream is answered with.
  (func $by-upload (param $url i32) (param $bytes i32) (local $upload i32)
    (call $url (local.get $url) (local.get $bytes))
    (call $method (i32.const 2))
    (local.set $upload (call $start-upload))
    (call $ok (local.get $url) (local.get $bytes))
    (call $finish (local.get $upload) (i32.const 0))
    (call $drop-upload (local.get $upload)))
  (func $blocked (param $case i32) (param $url i32) (param $bytes i32)
    (call $url (local.get $url) (local.get $bytes))
    (call $send)
    (call $error-8 (local.get $case) (local.get $url) (local.get $bytes))
    (drop (call $start))
    (call $error (local.get $case) (local.get $url) (local.get $bytes))
    (call $by-upload (local.get $url) (local.get $bytes))
    (call $error (local.get $case) (local.get $url) (local.get $bytes)))
  (func $shown (param $text i32) (param $bytes i32)
    (call $ok (local.get $text) (local.get $bytes))
    (call $number (call $status (i32.load (i32.const 4))) (i32.const 303)
      (local.get $text) (local.get $bytes))
    (call $drop-stream (i32.load (i32.const 4))))
  (func $case
    (call $url (@text "http://127.0.0.1/"))
    (drop (call $start))
    (call $shown (@text "a stream of a local server"))
    (drop (call $start-plain))
    (call $shown (@text "the same without options"))
    (call $by-upload (@text "http://127.0.0.1/"))
    (call $shown (@text "an upload to a local server"))
    (call $blocked (@error "redirect-blocked") (@text "http://a.example/local"))
    (call $blocked (@error "redirect-blocked") (@text "http://a.example/dotted-local"))
    (call $blocked (@error "redirect-blocked") (@text "http://a.example/dressed-up-local"))
    (call $blocked (@error "capability-denied") (@text "http://a.example/dotted"))
    (call $blocked (@error "capability-denied") (@text "http://a.example/dressed-up"))
    (call $url (@text "http://a.example/as-eve"))
    (call $auto-decompress (i32.const 0))
    (call $send)
    (call $answers (i32.const 200)
      (@text "GET /echo HTTP/1.1\0d\0ahost: b.example\0d\0aaccept: */*\0d\0a\0d\0a")
      (@text "credentials in a location"))
    (call $came-from (@text "http://b.example/echo") (i32.const 1) (@text "and its URL"))))
