;;! interface = "http"
;;! with = "http"
;;! covers = ["http-stream-start-opts", "http-stream.read-chunk", "redirect-blocked", "scheme-denied"]
;;! capabilities = { net = ["a.example"] }
;;! names = { "a.example" = ["93.184.216.34"] }
;;! [web]
;;! "http://a.example/" = ["HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"]
;;! "http://a.example/br" = ["HTTP/1.1 200 OK\r\ncontent-encoding: br\r\n\r\n", { hex = "0b028068656c6c6f03" }]
;;! "http://a.example/round" = ["HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 2\r\n\r\ngo"]
;; Limits of a whole body and its digest are nothing to a stream, which is read as far as one likes; what
;; is said about redirects, schemes and decoding holds for it, too.
(module
  (import "astrid:http/host@1.1.0" "[method]http-stream.status"
    (func $status (param i32) (result i32)))
  (func $reads (param $status i32) (param $wanted i32) (param $wanted-bytes i32)
    (param $text i32) (param $bytes i32)
    (local $stream i32)
    (local.set $stream (call $start))
    (call $ok (local.get $text) (local.get $bytes))
    (call $number (call $status (local.get $stream)) (local.get $status)
      (local.get $text) (local.get $bytes))
    (call $read-chunk (local.get $stream) (i32.const 0))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8))
      (local.get $wanted) (local.get $wanted-bytes) (local.get $text) (local.get $bytes))
    (call $drop-stream (local.get $stream)))
  (func $case
    (call $url (@text "http://a.example/"))
    (call $max-response-bytes (i64.const 1))
    (call $reads (i32.const 200) (@text "hello") (@text "more than a whole body may have"))
    (call $url (@text "http://a.example/br"))
    (call $max-decompressed-bytes (i64.const 1))
    (call $reads (i32.const 200) (@text "hello") (@text "more than it may expand to"))
    (call $url (@text "http://a.example/"))
    (call $integrity (@text "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="))
    (call $reads (i32.const 200) (@text "hello") (@text "another digest"))
    (call $url (@text "http://a.example/br"))
    (call $auto-decompress (i32.const 0))
    (call $reads (i32.const 200) (@text "\0b\02\80hello\03") (@text "a raw body"))
    (call $url (@text "http://a.example/round"))
    (call $redirect (i32.const 2))
    (call $reads (i32.const 302) (@text "go") (@text "a redirect as it is"))
    (call $redirect (i32.const 1))
    (drop (call $start))
    (call $error (@error "redirect-blocked") (@text "a redirect that is an error"))
    (call $url (@text "http://a.example/"))
    (call $https-only (i32.const 1))
    (drop (call $start))
    (call $error (@error "scheme-denied") (@text "http where https is wanted"))))
