;; What a handler answers is what the next one gets, and an empty answer hands on what came; `final` ends
;; the chain. In the pattern of a handler a `*` is one segment, at the end too. Whoever subscribes hears
;; of a message whatever its chain comes to.
;;
;; WITH: echo-loop
;; MANIFEST: [package]
;; MANIFEST: name = "answers"
;; MANIFEST: version = "0.1.0"
;; MANIFEST: [[component]]
;; MANIFEST: file = "answers-in-a-chain.wasm"
;; MANIFEST: [publish]
;; MANIFEST: "chain.got" = "opaque"
;; MANIFEST: [subscribe]
;; MANIFEST: "m.*" = { wit = "opaque", handler = "replace", priority = 10 }
;; MANIFEST: "*.keep" = { wit = "opaque", handler = "keep", priority = 20 }
;; MANIFEST: "*.final" = { wit = "opaque", handler = "final", priority = 20 }
;; MANIFEST: "m.a.*" = { wit = "opaque", handler = "deep" }
;; MANIFEST: "m.final" = { wit = "opaque", handler = "tell" }
;; MANIFEST: "m.keep" = { wit = "opaque", handler = "tell" }
;; MANIFEST: "echo.v1.request.*" = { wit = "opaque", handler = "deny" }
;; RUN[keep]: run %capsule -q --publish 'm.keep=[0]' --until chain.got
;; RUN[final]: run %capsule --publish 'm.final=[0]'
;; RUN[stars]: run %capsule --publish 'm.a.b=[0]' --publish 'm.a.b.c=[0]' --publish 'm=[0]'
;; RUN[deny]: run %echo-loop %capsule --publish 'echo.v1.request.x={"text":"t"}' --until 'echo.v1.reply.*' -q
(module
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (data (i32.const 0) "chain.got[1]no")
  (func (export "astrid-hook-trigger")
    (param $action i32) (param $letters i32) (param $payload i32) (param $bytes i32) (result i32)
    (local $letter i32)
    (local.set $letter (i32.load8_u (local.get $action)))
    (if (i32.eq (local.get $letter) (i32.const 114)) ;; replace
      (then (return (call $continue (i32.const 9) (i32.const 3)))))
    (if (i32.eq (local.get $letter) (i32.const 102)) ;; final
      (then (return (call $final (i32.const 9) (i32.const 3)))))
    (if (i32.eq (local.get $letter) (i32.const 100)) ;; deny, or deep
      (then (return (call $deny (i32.const 12) (i32.const 2)))))
    (if (i32.eq (local.get $letter) (i32.const 116)) ;; tell
      (then (call $publish (i32.const 0) (i32.const 9) (local.get $payload) (local.get $bytes)
        (i32.const 64))))
    (call $continue-empty)))
