;;! interface = "http"
;;! with = "http"
;;! covers = ["capability-denied", "airlock-rejected", "dns-error", "connection-error"]
;;! capabilities = { net = ["example.com", "mixed.example", "inside.example", "none.example", "refuses.example", "127.0.0.1", "169.254.169.254", "[::1]", "[::ffff:7f00:1]", "[64:ff9b::a00:1]", "[2002:7f00:1::]"] }
;;! [names]
;;! "example.com" = ["93.184.216.34"]
;;! "www.example.com" = ["93.184.216.34"]
;;! "mixed.example" = ["127.0.0.1", "::1", "93.184.216.34"]
;;! "inside.example" = ["127.0.0.1", "10.0.0.1"]
;;! "none.example" = []
;;! "refuses.example" = ["192.0.2.1"]
;;! [web]
;;! "http://example.com/" = ["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"]
;;! "http://www.example.com/" = ["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"]
;;! "http://mixed.example/" = ["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"]
;; What the manifest does not name is denied. What it names is not reached where it is local, however
;; that is written; of a name with several addresses only the others are.
(module
  (import "astrid:http/host@1.1.0" "[method]http-stream.status"
    (func $unused (param i32) (result i32)))
  (func $denied (param $url i32) (param $bytes i32)
    (call $url (local.get $url) (local.get $bytes))
    (call $send)
    (call $error-8 (@error "capability-denied") (local.get $url) (local.get $bytes)))
  (func $rejected (param $url i32) (param $bytes i32)
    (call $url (local.get $url) (local.get $bytes))
    (call $send)
    (call $error-8 (@error "airlock-rejected") (local.get $url) (local.get $bytes)))
  (func $reached (param $url i32) (param $bytes i32)
    (call $url (local.get $url) (local.get $bytes))
    (call $send)
    (call $answers (i32.const 200) (@text "ok") (local.get $url) (local.get $bytes)))
  (func $case
    (call $reached (@text "http://example.com/"))
    (call $reached (@text "http://www.EXAMPLE.com/"))
    (call $reached (@text "http://mixed.example/"))
    (call $denied (@text "http://evil-example.com/"))
    (call $denied (@text "http://example.com.evil.example/"))
    (call $denied (@text "http://example.com@evil.example/"))
    (call $denied (@text "http://evil.example/?example.com"))
    (call $denied (@text "http://example.com./"))
    (call $denied (@text "http://10.0.0.1/"))
    (call $url (@text "http://example.com/"))
    (call $header (@text "host") (@text "evil.example"))
    (call $send)
    (call $error-8 (@error "capability-denied") (@text "another site of the same server"))
    (call $url (@text "http://example.com/"))
    (call $header (@text "host") (@text "www.example.com"))
    (call $send)
    (call $answers (i32.const 200) (@text "ok") (@text "one that is granted"))
    (call $rejected (@text "http://127.0.0.1/"))
    (call $rejected (@text "http://127.0.0.1.:8080/"))
    (call $rejected (@text "http://2130706433/"))
    (call $rejected (@text "http://0x7f.1/"))
    (call $rejected (@text "http://0177.0.0.1/"))
    (call $rejected (@text "http://example.com:x@127.0.0.1/"))
    (call $rejected (@text "http://169.254.169.254/latest/meta-data"))
    (call $rejected (@text "http://[::1]/"))
    (call $rejected (@text "http://[::ffff:127.0.0.1]/"))
    (call $rejected (@text "http://[64:ff9b::10.0.0.1]/"))
    (call $rejected (@text "http://[2002:7f00:1::]/"))
    (call $rejected (@text "https://inside.example/"))
    (call $url (@text "http://none.example/"))
    (call $send)
    (call $error-8 (@error "dns-error") (@text "a name without addresses"))
    (call $url (@text "http://refuses.example/"))
    (call $send)
    (call $error-8 (@error "connection-error") (@text "nobody is there"))))
