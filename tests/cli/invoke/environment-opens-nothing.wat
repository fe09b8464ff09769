;; What is local stays out of reach whatever the environment says, and a proxy that it names is not asked.
;;
;; ENV: ASTRID_ALLOW_LOCAL_IPS=1
;; ENV: ASTRID_TEST_ALLOW_LOCAL_IP=1
;; ENV: http_proxy=http://93.184.216.34:1
;; ENV: HTTP_PROXY=http://93.184.216.34:1
;; ENV: ALL_PROXY=http://93.184.216.34:1
;; MANIFEST: [package]
;; MANIFEST: name = "environment-opens-nothing"
;; MANIFEST: version = "0.1.0"
;; MANIFEST: [[component]]
;; MANIFEST: file = "environment-opens-nothing.wasm"
;; MANIFEST: [capabilities]
;; MANIFEST: net = ["127.0.0.1"]
;; MANIFEST: net_connect = ["127.0.0.1:1"]
;; RUN: invoke %capsule dial --trace
(module
  (import "astrid:net/host@1.0.0" "connect-tcp" (func $connect (param i32 i32 i32 i32)))
  (import "astrid:http/host@1.0.0" "http-request"
    (func $request (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (data (i32.const 64) "127.0.0.1http://127.0.0.1:1/")
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $connect (i32.const 64) (i32.const 9) (i32.const 1) (i32.const 0))
    (call $request (i32.const 73) (i32.const 19) (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
    (call $continue-empty)))
