;; Whatever a tool does, a call of it ends: with the tool's denial, its trap, the end of the time, or
;; the news that it published nothing. A result of another call is none.
;;
;; MANIFEST: [package]
;; MANIFEST: name = "endings"
;; MANIFEST: version = "0.1.0"
;; MANIFEST: [[component]]
;; MANIFEST: id = "main"
;; MANIFEST: file = "endings.wasm"
;; MANIFEST: [publish]
;; MANIFEST: "tool.v1.execute.other.result" = "opaque"
;; MANIFEST: [subscribe]
;; MANIFEST: "tool.v1.execute.deny" = { wit = "opaque", handler = "tool_execute_deny" }
;; MANIFEST: "tool.v1.execute.trap" = { wit = "opaque", handler = "tool_execute_trap" }
;; MANIFEST: "tool.v1.execute.silent" = { wit = "opaque", handler = "tool_execute_silent" }
;; MANIFEST: "tool.v1.execute.other" = { wit = "opaque", handler = "tool_execute_other" }
;; MANIFEST: "tool.v1.execute.wait" = { wit = "opaque", handler = "tool_execute_wait" }
;; FAIL(9)[deny]: tool call %capsule deny
;; FAIL(9)[deny-json]: tool call %capsule deny --json
;; FAIL(6)[trap]: tool call %capsule trap
;; FAIL(1)[silent]: tool call %capsule silent
;; FAIL(1)[silent-json]: tool call %capsule silent --json
;; FAIL(1)[other]: tool call %capsule other
;; FAIL(8)[wait]: tool call %capsule wait --timeout 1s
;; FAIL(8)[wait-json]: tool call %capsule wait --timeout 1s --json
;; FAIL(1)[list]: tool list %capsule
(module
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "sleep-ns" (func $sleep (param i64 i32)))
  (data (i32.const 0) "not today")
  (data (i32.const 64) "tool.v1.execute.other.result")
  (data (i32.const 128)
    "{\"type\":\"tool_execute_result\",\"call_id\":\"1\",\"result\":{\"call_id\":\"1\",\"content\":\"x\"}}")
  (func (export "astrid-hook-trigger") (param $action i32) (param $bytes i32) (param i32 i32)
    (result i32)
    (local $letter i32)
    ;; After `tool_execute_`; `tool_describe` is as long as that.
    (if (i32.eq (local.get $bytes) (i32.const 13)) (then (return (call $continue (i32.const 0) (i32.const 9)))))
    (local.set $letter (i32.load8_u offset=13 (local.get $action)))
    (if (i32.eq (local.get $letter) (i32.const 100)) ;; deny
      (then (return (call $deny (i32.const 0) (i32.const 9)))))
    (if (i32.eq (local.get $letter) (i32.const 116)) (then unreachable)) ;; trap
    (if (i32.eq (local.get $letter) (i32.const 111)) ;; other
      (then (call $publish (i32.const 64) (i32.const 28) (i32.const 128) (i32.const 83) (i32.const 512))))
    (if (i32.eq (local.get $letter) (i32.const 119)) ;; wait
      (then (call $sleep (i64.const 60000000000) (i32.const 512))))
    (call $continue-empty)))
