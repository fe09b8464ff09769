;; A call of an uplink has no deadline, unless one is asked for: it may wait for its front end longer
;; than the principal's calls may take.
;;
;; MANIFEST: [package]
;; MANIFEST: name = "uplink-has-time"
;; MANIFEST: version = "0.1.0"
;; MANIFEST: [[component]]
;; MANIFEST: id = "main"
;; MANIFEST: file = "uplink-has-time.wasm"
;; MANIFEST: [capabilities]
;; MANIFEST: uplink = true
;; MANIFEST: [subscribe]
;; MANIFEST: "a.b" = { wit = "opaque", handler = "wait" }
;; RUN[tight]: principal set default --timeout 1s
;; RUN[run]: run %capsule --publish 'a.b={}'
;; RUN[invoke]: invoke %capsule wait
;; FAIL(8)[asked]: invoke %capsule wait --timeout 100ms
(module
  (import "astrid:sys/host@1.0.0" "sleep-ns" (func $sleep (param i64 i32)))
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $sleep (i64.const 1500000000) (i32.const 1024))
    (call $continue-empty)))
