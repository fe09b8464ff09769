;; A run loop that subscribes to the topics of its tools describes and serves them.
;;
;; MANIFEST: [package]
;; MANIFEST: name = "by-a-loop"
;; MANIFEST: version = "0.1.0"
;; MANIFEST: [[component]]
;; MANIFEST: id = "main"
;; MANIFEST: file = "by-a-loop.wasm"
;; MANIFEST: [publish]
;; MANIFEST: "tool.v1.*" = "opaque"
;; MANIFEST: [subscribe]
;; MANIFEST: "tool.v1.*" = "opaque"
;; RUN[list]: tool list %capsule
;; RUN: tool call %capsule echo --args '{"text": "hello"}'
;; RUN[json]: tool call %capsule echo --args '{"text": "hello"}' --json
;; FAIL(2)[near]: tool call %capsule ecko
(module
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.recv" (func $recv (param i32 i64 i32)))
  (import "astrid:sys/host@1.0.0" "signal-ready" (func $ready))
  (data (i32.const 256) "tool.v1.*")
  (data (i32.const 288) "tool.v1.response.describe.self")
  (data (i32.const 320) "{\"tools\":[{\"name\":\"echo\",\"description\":\"Says it again.\",\"input_schema\":{\"properties\":{\"text\":{}}}}]}")
  (data (i32.const 512) "tool.v1.execute.echo.result")
  (data (i32.const 544) "{\"call_id\":\"")
  (data (i32.const 560) "\",\"result\":{\"content\":\"heard\",\"call_id\":\"")
  (data (i32.const 608) "\"}}")
  (data (i32.const 640) "\"call_id\":\"")
  ;; Where the call id of a request begins.
  (func $call-id (param $payload i32) (result i32)
    (loop $next
      (if (call $same (local.get $payload) (i32.const 11) (i32.const 640) (i32.const 11))
        (then (return (i32.add (local.get $payload) (i32.const 11)))))
      (local.set $payload (i32.add (local.get $payload) (i32.const 1)))
      (br $next))
    unreachable)
  (func $answer-call (param $id i32)
    (global.set $said-bytes (i32.const 0))
    (call $say (i32.const 544) (i32.const 12))
    (call $say (local.get $id) (i32.const 36))
    (call $say (i32.const 560) (i32.const 41))
    (call $say (local.get $id) (i32.const 36))
    (call $say (i32.const 608) (i32.const 3))
    (call $publish (i32.const 512) (i32.const 27)
      (i32.const 98304) (global.get $said-bytes) (i32.const 0)))
  (func $serve (param $message i32)
    (local $topic i32) (local $bytes i32)
    (local.set $topic (i32.load (local.get $message)))
    (local.set $bytes (i32.load offset=4 (local.get $message)))
    ;; `tool.v1.request.describe` and `tool.v1.execute.echo`; what it publishes itself comes, too.
    (if (i32.and (i32.eq (local.get $bytes) (i32.const 24))
          (i32.eq (i32.load8_u offset=8 (local.get $topic)) (i32.const 114)))
      (then (call $publish (i32.const 288) (i32.const 30) (i32.const 320) (i32.const 100) (i32.const 0))))
    (if (call $same (local.get $topic) (local.get $bytes) (i32.const 512) (i32.const 20))
      (then (call $answer-call (call $call-id (i32.load offset=8 (local.get $message)))))))
  (func (export "run")
    (local $subscription i32) (local $message i32) (local $left i32)
    (call $subscribe (i32.const 256) (i32.const 9) (i32.const 0))
    (local.set $subscription (i32.load (i32.const 4)))
    (call $ready)
    (loop $forever
      (call $recv (local.get $subscription) (i64.const 60000) (i32.const 0))
      (local.set $message (i32.load (i32.const 8)))
      (local.set $left (i32.load (i32.const 12)))
      (if (local.get $left)
        (then (loop $next
          (call $serve (local.get $message))
          (local.set $message (i32.add (local.get $message) (i32.const 36)))
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (br_if $next (local.get $left)))))
      (br $forever))))
