;; What the user says about the network holds for a tool, too.
;;
;; MANIFEST: [package]
;; MANIFEST: name = "network"
;; MANIFEST: version = "1.0.0"
;; MANIFEST: [[component]]
;; MANIFEST: file = "network.wasm"
;; MANIFEST: [capabilities]
;; MANIFEST: net_connect = ["127.0.0.1:1"]
;; MANIFEST: [subscribe]
;; MANIFEST: "tool.v1.execute.dial" = { wit = "opaque", handler = "tool_execute_dial" }
;; FAIL(1): tool call %capsule dial --trace=net -q
;; FAIL(1)[exempt]: tool call %capsule dial --trace=net --allow-local 127.0.0.1:1 -q
;; FAIL(1)[offline]: tool call %capsule dial --trace=net --allow-local 127.0.0.1:1 --offline -q
;; FAIL(2)[typo]: tool call %capsule dial --allow-local 127.0.0.1
(module
  (import "astrid:net/host@1.0.0" "connect-tcp" (func $connect (param i32 i32 i32 i32)))
  (data (i32.const 0) "127.0.0.1")
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $connect (i32.const 0) (i32.const 9) (i32.const 1) (i32.const 1024))
    (call $continue-empty)))
