;; A loop that ends while it is asked leaves nobody waiting: the call is over, long before its time is.
;;
;; MANIFEST: [package]
;; MANIFEST: name = "loop-ends-meanwhile"
;; MANIFEST: version = "0.1.0"
;; MANIFEST: [[component]]
;; MANIFEST: id = "main"
;; MANIFEST: file = "loop-ends-meanwhile.wasm"
;; MANIFEST: [publish]
;; MANIFEST: "tool.v1.*" = "opaque"
;; MANIFEST: [subscribe]
;; MANIFEST: "tool.v1.*" = "opaque"
;; FAIL(6)[trap]: tool call %capsule trap --timeout 4m
;; FAIL(6)[trap-json]: tool call %capsule trap --timeout 4m --json
;; FAIL(1)[leave]: tool call %capsule leave --timeout 4m
(module
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.recv" (func $recv (param i32 i64 i32)))
  (import "astrid:sys/host@1.0.0" "signal-ready" (func $ready))
  (data (i32.const 256) "tool.v1.*")
  (data (i32.const 288) "tool.v1.response.describe.self")
  (data (i32.const 320) "{\"tools\":[{\"name\":\"trap\",\"description\":\"Traps.\",\"input_schema\":{}},{\"name\":\"leave\",\"description\":\"Returns.\",\"input_schema\":{}}]}")
  (data (i32.const 512) "tool.v1.execute.")
  (global $over (mut i32) (i32.const 0))
  (func $serve (param $message i32)
    (local $topic i32) (local $bytes i32)
    (local.set $topic (i32.load (local.get $message)))
    (local.set $bytes (i32.load offset=4 (local.get $message)))
    ;; `tool.v1.request.describe`, and then `tool.v1.execute.trap` or `.leave`.
    (if (i32.and (i32.eq (local.get $bytes) (i32.const 24))
          (i32.eq (i32.load8_u offset=8 (local.get $topic)) (i32.const 114)))
      (then (call $publish (i32.const 288) (i32.const 30) (i32.const 320) (i32.const 128) (i32.const 0))))
    (if (call $same (local.get $topic) (i32.const 16) (i32.const 512) (i32.const 16))
      (then
        (if (i32.eq (i32.load8_u offset=16 (local.get $topic)) (i32.const 116)) (then unreachable))
        (global.set $over (i32.const 1)))))
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
      (if (global.get $over) (then return))
      (br $forever))))
