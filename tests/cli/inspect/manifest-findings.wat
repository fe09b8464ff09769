;; Tables of older releases and misspelt keys do nothing, so they are pointed out; a check fails.
;;
;; MANIFEST: [package]
;; MANIFEST: name = "manifest-findings"
;; MANIFEST: version = "0.1.0"
;; MANIFEST:
;; MANIFEST: [[component]]
;; MANIFEST: file = "manifest-findings.wasm"
;; MANIFEST:
;; MANIFEST: [subscribes]
;; MANIFEST: "a.b" = { wit = "opaque", handler = "greet" }
;; MANIFEST:
;; MANIFEST: [[interceptor]]
;; MANIFEST: event = "a.b"
;; MANIFEST: action = "greet"
;; MANIFEST:
;; MANIFEST: [capabilities]
;; MANIFEST: ipc_publish = ["a.b"]
;; MANIFEST: fs_reads = ["home://"]
;; RUN: inspect %capsule
;; FAIL(1)[check]: inspect %capsule --check --level warning
;; RUN[errors-only]: inspect %capsule --check --level error
(module
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))
