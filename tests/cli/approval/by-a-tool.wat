;; A tool may ask for approval. A result is a result, but without the approval the call ends with 4.
;;
;; MANIFEST: [package]
;; MANIFEST: name = "by-a-tool"
;; MANIFEST: version = "0.1.0"
;; MANIFEST: [[component]]
;; MANIFEST: id = "main"
;; MANIFEST: file = "by-a-tool.wasm"
;; MANIFEST: [subscribe]
;; MANIFEST: "tool.v1.execute.rm" = { wit = "opaque", handler = "tool_execute_rm" }
;; FAIL(4): tool call %capsule rm
;; FAIL(9)[denied]: tool call %capsule rm --approve 'deny:rm'
(module
  (import "astrid:approval/host@1.0.0" "request-approval" (func $request (param i32 i32 i32 i32 i32)))
  (data (i32.const 256) "rm")
  (data (i32.const 288) "/")
  (data (i32.const 320) "not approved")
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    ;; Whatever is not `tool_execute_rm` is done without approval.
    (if (i32.ne (local.get 1) (i32.const 15)) (then (return (call $continue-empty))))
    (call $request (i32.const 256) (i32.const 2) (i32.const 288) (i32.const 1) (i32.const 0))
    (call $deny (i32.const 320) (i32.const 12))))
