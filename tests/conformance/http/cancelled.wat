;;! interface = "http"
;;! with = "http"
;;! covers = ["unknown"]
;;! capabilities = { net = ["a.example"] }
;;! names = { "a.example" = ["93.184.216.34"] }
;;! parked = [{ cancel = true }]
;;! [web]
;;! "http://a.example/head" = [{ hold = true }]
;;! "http://a.example/body" = ["HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", { hold = true }]
;; A wait ends when the call is ended from outside: that for a piece of a body with its end, that for
;; a response with an error.
(module
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (import "astrid:http/host@1.1.0" "[method]http-upload.finish" (func $finish (param i32 i32)))
  (import "astrid:http/host@1.1.0" "[resource-drop]http-upload" (func $drop-upload (param i32)))
  (func $case (local $stream i32) (local $upload i32)
    (call $url (@text "http://a.example/body"))
    (local.set $stream (call $start))
    (call $ok (@text "a stream"))
    (call $url (@text "http://a.example/head"))
    (local.set $upload (call $start-upload))
    (call $ok (@text "an upload"))
    (call $log (i32.const 0) (@text "parked"))
    (call $read-chunk (local.get $stream) (i32.const 0))
    (call $ok (@text "a wait for a piece"))
    (call $number (i32.load (i32.const 8)) (i32.const 0) (@text "is its end"))
    (call $send)
    (call $error-8 (@error "unknown") (@text "a request"))
    (call $finish (local.get $upload) (i32.const 0))
    (call $error (@error "unknown") (@text "the end of an upload"))
    (call $drop-upload (local.get $upload))
    (call $drop-stream (local.get $stream))))
