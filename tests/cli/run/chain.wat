;; Handlers of one message are called by priority. One that fails is skipped, or ends the chain when
;; it is a guard, and so does an answer that nobody knows; a denial ends it in any case.
;;
;; MANIFEST: [package]
;; MANIFEST: name = "chain"
;; MANIFEST: version = "0.1.0"
;; MANIFEST: [[component]]
;; MANIFEST: id = "main"
;; MANIFEST: file = "chain.wasm"
;; MANIFEST: [subscribe]
;; MANIFEST: "a.*" = { wit = "opaque", handler = "first", priority = 10 }
;; MANIFEST: "a.trap" = { wit = "opaque", handler = "trap", priority = 20 }
;; MANIFEST: "a.deny" = { wit = "opaque", handler = "deny", priority = 20 }
;; MANIFEST: "a.x" = { wit = "opaque", handler = "x", priority = 20 }
;; MANIFEST: "*.trap" = { wit = "opaque", handler = "last" }
;; MANIFEST: "*.deny" = { wit = "opaque", handler = "last" }
;; MANIFEST: "*.x" = { wit = "opaque", handler = "last" }
;; FAIL(6)[trap]: run %capsule --publish 'a.trap={}'
;; FAIL(6)[guarded-trap]: run %capsule --publish 'a.trap={}' --guards-below 100
;; RUN[deny]: run %capsule --publish 'a.deny={}'
;; RUN[unknown]: run %capsule --publish 'a.x={}'
;; RUN[guarded-unknown]: run %capsule --publish 'a.x={}' --guards-below 21
;; RUN[json]: run %capsule --publish 'a.deny={}' --json
(module
  (data (i32.const 0) "not today" )
  (data (i32.const 16) "denny")
  (func (export "astrid-hook-trigger") (param $action i32) (param i32 i32 i32) (result i32)
    (local $letter i32)
    (local.set $letter (i32.load8_u (local.get $action)))
    (if (i32.eq (local.get $letter) (i32.const 116)) (then unreachable))
    (if (i32.eq (local.get $letter) (i32.const 100))
      (then (return (call $deny (i32.const 0) (i32.const 9)))))
    (if (i32.eq (local.get $letter) (i32.const 120))
      (then (return (call $answer (i32.const 16) (i32.const 5)
        (i32.const 0) (i32.const 0) (i32.const 0)))))
    (call $continue-empty)))
