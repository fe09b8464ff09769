;;! interface = "unserved"
;; A request over HTTP (version 1.1.0 of the interface) says in its own error type that it is not
;; served yet, and so does one that would hand out a stream.
(module
  (import "astrid:http/host@1.1.0" "http-request"
    (func $request (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "astrid:http/host@1.1.0" "http-stream-start"
    (func $stream (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  ;; The error at address 0 is `unknown` with the fixed text.
  (func $refused (param $text i32) (param $bytes i32) (param $unknown i32)
    (call $error (local.get $unknown) (local.get $text) (local.get $bytes))
    (call $text (i32.load (i32.const 8)) (i32.load (i32.const 12))
      (@text "not served by this version of capsule") (local.get $text) (local.get $bytes)))
  (func $case
    (call $request (@text "http://localhost/") (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
    ;; The other arm of this result holds 64-bit numbers.
    (call $error-8 (i32.const 16) (@text "http-request"))
    (call $text (i32.load (i32.const 12)) (i32.load (i32.const 16))
      (@text "not served by this version of capsule") (@text "http-request"))
    (call $stream (@text "http://localhost/") (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
    (call $refused (@text "http-stream-start") (i32.const 16))))
