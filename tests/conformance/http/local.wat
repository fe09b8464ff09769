;;! interface = "http"
;;! with = "http"
;;! capabilities = { net = ["127.0.0.1", "[::1]", "inside.example"] }
;;! names = { "inside.example" = ["10.0.0.1"] }
;;! allow-local = ["127.0.0.1:80", "inside.example:*", "::1:8080", "[::1]:8081"]
;;! [web]
;;! "http://127.0.0.1/" = ["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"]
;;! "http://inside.example:81/" = ["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"]
;;! "http://[::1]:8080/" = ["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"]
;;! "http://[::1]:8081/" = ["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"]
;; What the user exempted is reached although it is local, and nothing beside it.
(module
  (import "astrid:http/host@1.1.0" "[method]http-stream.status"
    (func $unused (param i32) (result i32)))
  (func $reached (param $url i32) (param $bytes i32)
    (call $url (local.get $url) (local.get $bytes))
    (call $send)
    (call $answers (i32.const 200) (@text "ok") (local.get $url) (local.get $bytes)))
  (func $rejected (param $url i32) (param $bytes i32)
    (call $url (local.get $url) (local.get $bytes))
    (call $send)
    (call $error-8 (@error "airlock-rejected") (local.get $url) (local.get $bytes)))
  (func $case
    (call $reached (@text "http://127.0.0.1/"))
    (call $reached (@text "http://2130706433:80/"))
    (call $reached (@text "http://inside.example:81/"))
    (call $reached (@text "http://[::1]:8080/"))
    (call $reached (@text "http://[::1]:8081/"))
    (call $rejected (@text "http://127.0.0.1:81/"))
    (call $rejected (@text "http://[::1]/"))))
