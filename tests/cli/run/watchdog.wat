;; A loop that subscribes to it hears the watchdog every five seconds; without a subscription in some
;; manifest nobody is told.
;;
;; MANIFEST: [package]
;; MANIFEST: name = "watchdog"
;; MANIFEST: version = "0.1.0"
;; MANIFEST: [[component]]
;; MANIFEST: id = "main"
;; MANIFEST: file = "watchdog.wasm"
;; MANIFEST: [subscribe]
;; MANIFEST: "astrid.v1.watchdog.*" = "opaque"
;; RUN: run %capsule --until astrid.v1.watchdog.tick --for 60s
(module
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.recv" (func $recv (param i32 i64 i32)))
  (data (i32.const 0) "astrid.v1.watchdog.*")
  (func (export "run")
    (call $subscribe (i32.const 0) (i32.const 20) (i32.const 1024))
    (loop $again
      (call $recv (i32.load (i32.const 1028)) (i64.const 60000) (i32.const 1032))
      (br_if $again (i32.eqz (i32.load8_u (i32.const 1032)))))))
