;; What a handler gets is a message in the form in which everybody gets it: what it passes on of a wrapped
;; one is unwrapped once more.
;;
;; MANIFEST: [package]
;; MANIFEST: name = "passes-on"
;; MANIFEST: version = "0.1.0"
;; MANIFEST: [[component]]
;; MANIFEST: file = "form-of-a-message.wasm"
;; MANIFEST: [publish]
;; MANIFEST: "passed.on" = "opaque"
;; MANIFEST: [subscribe]
;; MANIFEST: "send" = { wit = "opaque", handler = "send" }
;; RUN: run %capsule -q --publish 'send={"type":"custom","data":{"type":"custom","data":[7]}}' --until passed.on
(module
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (data (i32.const 0) "passed.on")
  (func (export "astrid-hook-trigger")
    (param i32 i32) (param $payload i32) (param $bytes i32) (result i32)
    (call $publish (i32.const 0) (i32.const 9) (local.get $payload) (local.get $bytes)
      (i32.const 64))
    (call $continue-empty)))
