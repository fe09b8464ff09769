;; What a capsule may reach is what its manifest names, less what is local, plus what the user exempts.
;;
;; MANIFEST: [package]
;; MANIFEST: name = "network"
;; MANIFEST: version = "0.1.0"
;; MANIFEST: [[component]]
;; MANIFEST: file = "network.wasm"
;; MANIFEST: [capabilities]
;; MANIFEST: net_connect = ["127.0.0.1:1"]
;; RUN: invoke %capsule dial --trace
;; RUN[exempt]: invoke %capsule dial --allow-local 127.0.0.1:1 --trace
;; RUN[offline]: invoke %capsule dial --allow-local 127.0.0.1:1 --offline --trace
;; FAIL(2)[endpoint]: invoke %capsule dial --allow-local localhost
;; FAIL(2)[address]: invoke %capsule dial --resolve a.example=b.example
(module
  (import "astrid:net/host@1.0.0" "connect-tcp" (func $connect (param i32 i32 i32 i32)))
  (data (i32.const 64) "127.0.0.1")
  (data (i32.const 96) "10.0.0.1")
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $connect (i32.const 64) (i32.const 9) (i32.const 1) (i32.const 0))
    (call $connect (i32.const 96) (i32.const 8) (i32.const 1) (i32.const 0))
    (call $continue-empty)))
