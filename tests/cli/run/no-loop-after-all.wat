;; A `run` that returns without having subscribed, signalled readiness or opened a socket was no loop:
;; the handlers of the capsule are called.
;;
;; MANIFEST: [package]
;; MANIFEST: name = "no-loop-after-all"
;; MANIFEST: version = "0.1.0"
;; MANIFEST: [[component]]
;; MANIFEST: id = "main"
;; MANIFEST: file = "no-loop-after-all.wasm"
;; MANIFEST: [subscribe]
;; MANIFEST: "a.b" = { wit = "opaque", handler = "answer" }
;; RUN: run %capsule --publish 'a.b={}'
(module
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (data (i32.const 0) "nothing to do")
  (func (export "run")
    (call $log (i32.const 2) (i32.const 0) (i32.const 13)))
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))
