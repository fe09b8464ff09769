;; A capsule with a run loop is no step of a chain: the steps before and after it are called all the
;; same, and what the first of them answers is what the last one gets.
;;
;; WITH: everything
;; MANIFEST: [package]
;; MANIFEST: name = "loop-in-a-chain"
;; MANIFEST: version = "0.1.0"
;; MANIFEST: [[component]]
;; MANIFEST: file = "loop-in-a-chain.wasm"
;; MANIFEST: [publish]
;; MANIFEST: "chain.done" = "opaque"
;; MANIFEST: [subscribe]
;; MANIFEST: "tool.v1.request.describe" = { wit = "opaque", handler = "before", priority = 10 }
;; MANIFEST: "tool.*.request.describe" = { wit = "opaque", handler = "after", priority = 200 }
;; RUN: run %everything %capsule -q --publish 'tool.v1.request.describe={}' --until chain.done
(module
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (data (i32.const 0) "chain.done[1]")
  (func (export "astrid-hook-trigger")
    (param $action i32) (param $letters i32) (param $payload i32) (param $bytes i32) (result i32)
    (call $log (i32.const 2) (local.get $action) (local.get $letters))
    ;; `before` has six letters, `after` has five.
    (if (i32.eq (local.get $letters) (i32.const 6))
      (then (return (call $continue (i32.const 10) (i32.const 3)))))
    (call $publish (i32.const 0) (i32.const 10) (local.get $payload) (local.get $bytes)
      (i32.const 64))
    (call $continue-empty)))
