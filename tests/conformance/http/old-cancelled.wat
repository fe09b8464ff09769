;;! interface = "http@1.0.0"
;;! with = "http-1-0"
;;! covers = ["unknown"]
;;! capabilities = { net = ["a.example"] }
;;! names = { "a.example" = ["93.184.216.34"] }
;;! parked = [{ cancel = true }]
;;! [web]
;;! "http://a.example/head" = [{ hold = true }]
;;! "http://a.example/body" = ["HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", { hold = true }]
;; A wait ends when the call is ended from outside.
(module
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $case (local $stream i32)
    (local.set $stream (call $start (@text "http://a.example/body")))
    (call $ok (@text "a stream"))
    (call $log (i32.const 0) (@text "parked"))
    (call $read-chunk (local.get $stream) (i32.const 0))
    (call $ok (@text "a wait for a piece"))
    (call $number (i32.load (i32.const 8)) (i32.const 0) (@text "is its end"))
    (call $get (@text "http://a.example/head"))
    (call $error (@error "unknown") (@text "a request"))
    (call $drop-stream (local.get $stream))))
