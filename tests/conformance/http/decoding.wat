;;! interface = "http"
;;! with = "http"
;;! covers = ["decompression-bomb", "body-too-large", "protocol", "integrity-mismatch"]
;;! capabilities = { net = ["a.example"] }
;;! names = { "a.example" = ["93.184.216.34"] }
;;! [web]
;;! "http://a.example/gzip" = ["HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\netag: e\r\ncontent-length: 25\r\n\r\n", { hex = "1f8b0800000000000203cb48cdc9c907" }, { hex = "0086a6103605000000" }]
;;! "http://a.example/members" = ["HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n", { hex = "1f8b0800000000000203cb48cdc9c9070086a61036050000001f8b0800000000000203cb48cdc9c9070086a6103605000000" }]
;;! "http://a.example/deflate" = ["HTTP/1.1 200 OK\r\ncontent-encoding: deflate\r\n\r\n", { hex = "789ccb48cdc9c90700062c0215" }]
;;! "http://a.example/br" = ["HTTP/1.1 200 OK\r\ncontent-encoding: br\r\n\r\n", { hex = "0b028068656c6c6f03" }]
;;! "http://a.example/zstd" = ["HTTP/1.1 200 OK\r\ncontent-encoding: zstd\r\n\r\n", { hex = "28b52ffd200529000068656c6c6f" }]
;;! "http://a.example/wide" = ["HTTP/1.1 200 OK\r\ncontent-encoding: zstd\r\n\r\n", { hex = "28b52ffd009829000068656c6c6f" }]
;;! "http://a.example/strange" = ["HTTP/1.1 200 OK\r\ncontent-encoding: rot13\r\n\r\nuryyb"]
;;! "http://a.example/part" = ["HTTP/1.1 206 Partial\r\ncontent-encoding: gzip\r\ncontent-range: bytes 2-3/25\r\n\r\nhe"]
;;! "http://a.example/cut" = ["HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n", { hex = "1f8b0800000000000203cb48" }]
;;! "http://a.example/lie" = ["HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\nhello"]
;;! "http://a.example/trailing" = ["HTTP/1.1 200 OK\r\ncontent-encoding: br\r\n\r\n", { hex = "0b028068656c6c6f03" }, "more"]
;;! "http://a.example/empty" = ["HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 0\r\n\r\n"]
;;! "http://a.example/bomb" = ["HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n", { gzip-mebibytes = 10240 }]
;;! "http://a.example/nothing" = ["HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n", { gzip-of-nothing = true }]
;;! "http://a.example/full" = ["HTTP/1.1 200 OK\r\ncontent-length: 10485760\r\n\r\n", { zeroes = 10485760 }]
;;! "http://a.example/over" = ["HTTP/1.1 200 OK\r\ncontent-length: 10485761\r\n\r\n", { zeroes = 10485761 }]
;;! "http://a.example/hello" = ["HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"]
;; Bodies are decoded unless the guest wants them raw, and no further than they may expand; their
;; digest is that of what the guest gets.
(module
  (import "astrid:http/host@1.1.0" "[method]http-stream.status"
    (func $unused (param i32) (result i32)))
  (func $hello (param $url i32) (param $bytes i32)
    (call $url (local.get $url) (local.get $bytes))
    (call $send)
    (call $answers (i32.const 200) (@text "hello") (local.get $url) (local.get $bytes))
    (call $header-is (@text "content-encoding") (@text "") (local.get $url) (local.get $bytes)))
  (func $fails (param $url i32) (param $bytes i32) (param $error i32)
    (call $url (local.get $url) (local.get $bytes))
    (call $send)
    (call $error-8 (local.get $error) (local.get $url) (local.get $bytes)))
  (func $digest (param $digest i32) (param $bytes i32)
    (call $url (@text "http://a.example/br"))
    (call $integrity (local.get $digest) (local.get $bytes))
    (call $send)
    (call $answers (i32.const 200) (@text "hello") (local.get $digest) (local.get $bytes)))
  (func $case (local $heap i32)
    (call $hello (@text "http://a.example/gzip"))
    (call $header-is (@text "etag") (@text "e") (@text "other headers stay"))
    (call $header-is (@text "content-length") (@text "") (@text "the length was of the wire"))
    (call $equal (i64.load (i32.const 56)) (i64.const 25) (@text "bytes on the wire"))
    (call $hello (@text "http://a.example/deflate"))
    (call $hello (@text "http://a.example/br"))
    (call $hello (@text "http://a.example/zstd"))
    (call $url (@text "http://a.example/members"))
    (call $send)
    (call $answers (i32.const 200) (@text "hellohello") (@text "two members"))
    (call $url (@text "http://a.example/empty"))
    (call $send)
    (call $answers (i32.const 200) (@text "") (@text "nothing to decode"))
    (call $url (@text "http://a.example/strange"))
    (call $send)
    (call $answers (i32.const 200) (@text "uryyb") (@text "a coding that nobody asked for"))
    (call $header-is (@text "content-encoding") (@text "rot13") (@text "and its name"))
    (call $url (@text "http://a.example/part"))
    (call $send)
    (call $answers (i32.const 206) (@text "he") (@text "a part"))
    (call $url (@text "http://a.example/br"))
    (call $auto-decompress (i32.const 0))
    (call $max-decompressed-bytes (i64.const 1))
    (call $send)
    (call $answers (i32.const 200) (@text "\0b\02\80hello\03") (@text "raw"))
    (call $fails (@text "http://a.example/cut") (@error "protocol"))
    (call $fails (@text "http://a.example/lie") (@error "protocol"))
    (call $fails (@text "http://a.example/trailing") (@error "protocol"))
    (call $fails (@text "http://a.example/wide") (@error "protocol"))
    (call $fails (@text "http://a.example/bomb") (@error "body-too-large"))
    (call $url (@text "http://a.example/nothing"))
    (call $max-response-bytes (i64.const 1048576))
    (call $send)
    (call $error-8 (@error "body-too-large") (@text "a body of nothing, without end"))
    (call $fails (@text "http://a.example/over") (@error "body-too-large"))
    (call $url (@text "http://a.example/bomb"))
    (call $max-decompressed-bytes (i64.const 1048576))
    (call $send)
    (call $error-8 (@error "decompression-bomb") (@text "more than it may expand to"))
    (call $url (@text "http://a.example/br"))
    (call $max-decompressed-bytes (i64.const 4))
    (call $max-response-bytes (i64.const 4))
    (call $send)
    (call $error-8 (@error "decompression-bomb") (@text "expansion is judged first"))
    (call $url (@text "http://a.example/hello"))
    (call $max-response-bytes (i64.const 4))
    (call $send)
    (call $error-8 (@error "body-too-large") (@text "more than was asked for"))
    (call $max-response-bytes (i64.const 5))
    (call $send)
    (call $answers (i32.const 200) (@text "hello") (@text "as much as was asked for"))
    (call $digest (@text "sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="))
    (call $digest (@text "sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ"))
    (call $digest (@text "sha384-WeF0h3dEjGnea4ANejO7+5/xtGPkQ1TDVTvNucZm+pASWjx5+QOXvfX2oT3oKGhP"))
    (call $digest (@text "sha512-m3HSJL1i83hdltRq0+o9czGb+8KJDKra4t/3JRlnPKcjI8PZm6XBHXx6zG4UuMXaDEZjR1wuXDre9G9zvN7AQw=="))
    (call $url (@text "http://a.example/strange"))
    (call $integrity (@text "sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ"))
    (call $send)
    (call $error-8 (@error "integrity-mismatch") (@text "another body"))
    (local.set $heap (global.get $heap))
    (call $url (@text "http://a.example/full"))
    (call $send)
    (call $ok (@text "10 MiB"))
    (call $number (i32.load (i32.const 24)) (i32.const 10485760) (@text "every byte"))
    (global.set $heap (local.get $heap))))
