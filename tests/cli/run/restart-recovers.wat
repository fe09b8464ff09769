;; A loop that is started again is a new instance: what its predecessor had in memory and in its
;; subscriptions is gone, what it stored is there. A run whose loops all end well ends well.
;;
;; MANIFEST: [package]
;; MANIFEST: name = "restart-recovers"
;; MANIFEST: version = "0.1.0"
;; MANIFEST: [[component]]
;; MANIFEST: file = "restart-recovers.wasm"
;; MANIFEST: [publish]
;; MANIFEST: "restart.note" = "opaque"
;; MANIFEST: [subscribe]
;; MANIFEST: "restart.note" = "opaque"
;; RUN[install]: install %capsule --yes --quiet
;; RUN: run %name --restart on-failure --restart-delay 1ms
;; RUN[json]: run %name --restart on-failure --json
(module
  (import "astrid:sys/host@1.0.0" "signal-ready" (func $ready))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-get" (func $get (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-set" (func $set (param i32 i32 i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.poll" (func $poll (param i32 i32)))
  (data (i32.const 0) "triedrestart.note[1]nothing waitssomething waits")
  (global $starts (mut i32) (i32.const 0))
  (func (export "run")
    (call $subscribe (i32.const 5) (i32.const 12) (i32.const 1024))
    (global.set $starts (i32.add (global.get $starts) (i32.const 1)))
    (call $get (i32.const 0) (i32.const 5) (i32.const 2048))
    (if (i32.eqz (i32.load8_u (i32.const 2052)))
      (then
        ;; The first time: leaves a message in its own subscription, and fails.
        (call $set (i32.const 0) (i32.const 5) (i32.const 17) (i32.const 3) (i32.const 3072))
        (call $publish (i32.const 5) (i32.const 12) (i32.const 17) (i32.const 3) (i32.const 3072))
        unreachable))
    (if (i32.ne (global.get $starts) (i32.const 1)) (then unreachable))
    (call $poll (i32.load (i32.const 1028)) (i32.const 4096))
    (if (i32.load (i32.const 4108))
      (then (call $log (i32.const 2) (i32.const 33) (i32.const 15)))
      (else (call $log (i32.const 2) (i32.const 20) (i32.const 13))))
    (call $ready)))
