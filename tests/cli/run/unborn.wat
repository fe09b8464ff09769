;; A capsule that cannot be instantiated is not served at all, and the run ends before it begins.
;;
;; FAIL(6): run %capsule --publish t.ask={}
;; FAIL(6)[json]: run %capsule --publish t.ask={} --json
;; MANIFEST: [package]
;; MANIFEST: name = "unborn"
;; MANIFEST: version = "0.1.0"
;; MANIFEST: [[component]]
;; MANIFEST: id = "unborn"
;; MANIFEST: file = "unborn.wasm"
;; MANIFEST: [subscribe]
;; MANIFEST: "t.ask" = { wit = "opaque", handler = "ask" }
(module
  (func $begin unreachable)
  (start $begin)
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))
