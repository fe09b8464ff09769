  (import "astrid:http/host@1.0.0" "http-request"
    (func $http-request (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "astrid:http/host@1.0.0" "http-stream-start"
    (func $http-stream-start (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "astrid:http/host@1.0.0" "[method]http-stream.read-chunk"
    (func $read-chunk (param i32 i32)))
  (import "astrid:http/host@1.0.0" "[resource-drop]http-stream" (func $drop-stream (param i32)))
  ;; ---

  ;; What the cases of astrid:http@1.0.0 ask with: GET, or POST with one header and a body.

  (func $get (param $url i32) (param $bytes i32)
    (call $http-request (local.get $url) (local.get $bytes) (i32.const 0) (i32.const 0)
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.const 0)))
  (func $start (param $url i32) (param $bytes i32) (result i32)
    (call $http-stream-start (local.get $url) (local.get $bytes) (i32.const 0) (i32.const 0)
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.const 0))
    (i32.load (i32.const 4)))
  (func $post (param $url i32) (param $url-bytes i32) (param $key i32) (param $key-bytes i32)
    (param $value i32) (param $value-bytes i32) (param $body i32) (param $body-bytes i32)
    (i32.store (i32.const 1024) (local.get $key))
    (i32.store (i32.const 1028) (local.get $key-bytes))
    (i32.store (i32.const 1032) (local.get $value))
    (i32.store (i32.const 1036) (local.get $value-bytes))
    (call $http-request (local.get $url) (local.get $url-bytes) (i32.const 2) (i32.const 0)
      (i32.const 0) (i32.const 1024) (i32.const 1) (i32.const 1) (local.get $body)
      (local.get $body-bytes) (i32.const 0)))
  (func $answers (param $status i32) (param $wanted i32) (param $wanted-bytes i32)
    (param $text i32) (param $bytes i32)
    (call $ok (local.get $text) (local.get $bytes))
    (call $number (i32.load16_u (i32.const 4)) (local.get $status)
      (local.get $text) (local.get $bytes))
    (call $text (i32.load (i32.const 16)) (i32.load (i32.const 20))
      (local.get $wanted) (local.get $wanted-bytes) (local.get $text) (local.get $bytes)))
