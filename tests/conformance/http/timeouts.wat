;;! interface = "http"
;;! with = "http"
;;! covers = ["timeout"]
;;! capabilities = { net = ["a.example", "silent.example"] }
;;! names = { "a.example" = ["93.184.216.34"], "silent.example" = ["192.0.2.2"] }
;;! [web]
;;! "http://a.example/head" = ["HTTP/1.1 200 OK\r\n", { hold = true }]
;;! "http://a.example/body" = ["HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe", { hold = true }]
;;! "http://a.example/open" = ["HTTP/1.1 200 OK\r\n\r\nhello", { hold = true }]
;;! "http://a.example/whole" = ["HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", { hold = true }]
;;! "http://a.example/round" = ["HTTP/1.1 302 Found\r\nlocation: /head\r\n\r\n", { hold = true }]
;; Each limit ends what it is about; a server that does not hang up costs nothing once its body is
;; there; a stream that was too slow may still be read.
(module
  (import "astrid:http/host@1.1.0" "[method]http-stream.close" (func $close (param i32 i32)))
  (import "astrid:http/host@1.1.0" "[method]http-stream.body-stream"
    (func $body-stream (param i32) (result i32)))
  (import "astrid:io/streams@1.0.0" "[method]input-stream.blocking-read"
    (func $blocking-read (param i32 i64 i32)))
  (import "astrid:io/streams@1.0.0" "[resource-drop]input-stream" (func $drop-input (param i32)))
  (func $late (param $text i32) (param $bytes i32)
    (call $send)
    (call $error-8 (@error "timeout") (local.get $text) (local.get $bytes)))
  (func $case (local $stream i32) (local $input i32)
    (call $url (@text "http://silent.example/"))
    (call $connect-ms (i64.const 20)) (call $late (@text "connecting"))
    (call $url (@text "http://silent.example/"))
    (call $first-byte-ms (i64.const 20)) (call $late (@text "connecting until the first byte"))
    (call $url (@text "http://a.example/head"))
    (call $first-byte-ms (i64.const 20)) (call $late (@text "the first byte"))
    (call $url (@text "http://a.example/round"))
    (call $first-byte-ms (i64.const 20)) (call $late (@text "the first byte after a redirect"))
    (call $url (@text "http://a.example/body"))
    (call $between-bytes-ms (i64.const 20)) (call $late (@text "the next byte"))
    (call $url (@text "http://a.example/open"))
    (call $total-ms (i64.const 50)) (call $late (@text "a body without an end"))
    (call $url (@text "http://a.example/round"))
    (call $total-ms (i64.const 50)) (call $late (@text "everything"))
    (call $total-ms (i64.const 0)) (call $late (@text "no time at all"))
    (call $url (@text "http://a.example/whole"))
    (call $connect-ms (i64.const -1))
    (call $total-ms (i64.const -1))
    (call $send)
    (call $answers (i32.const 200) (@text "hello") (@text "a server that does not hang up"))
    (call $url (@text "http://a.example/head"))
    (call $first-byte-ms (i64.const 20))
    (drop (call $start))
    (call $error (@error "timeout") (@text "the first byte of a stream"))
    (call $url (@text "http://a.example/body"))
    (call $between-bytes-ms (i64.const 20))
    (local.set $stream (call $start))
    (call $ok (@text "a stream"))
    (call $read-chunk (local.get $stream) (i32.const 0))
    (call $ok (@text "the first piece"))
    (call $number (i32.load (i32.const 8)) (i32.const 2) (@text "has two bytes"))
    (call $read-chunk (local.get $stream) (i32.const 0))
    (call $error (@error "timeout") (@text "the next piece"))
    (call $read-chunk (local.get $stream) (i32.const 0))
    (call $error (@error "timeout") (@text "the next piece, later"))
    (call $close (local.get $stream) (i32.const 0))
    (call $drop-stream (local.get $stream))
    (call $url (@text "http://a.example/body"))
    (call $total-ms (i64.const 200))
    (local.set $stream (call $start))
    (call $ok (@text "a stream with an end"))
    (drop (call $read-all (local.get $stream)))
    (call $error (@error "timeout") (@text "the end of its time"))
    (local.set $input (call $body-stream (local.get $stream)))
    (call $blocking-read (local.get $input) (i64.const 9) (i32.const 0))
    (call $error (i32.const 0) (@text "the end of its time, as a stream of bytes"))
    (call $blocking-read (local.get $input) (i64.const 9) (i32.const 0))
    (call $error (i32.const 1) (@text "and nothing after it"))
    (call $drop-input (local.get $input))
    (call $drop-stream (local.get $stream))))
