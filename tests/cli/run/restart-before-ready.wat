;; A loop that fails before it is ready, each time that it is started, is given up too.
;;
;; MANIFEST: [package]
;; MANIFEST: name = "restart-before-ready"
;; MANIFEST: version = "0.1.0"
;; MANIFEST: [[component]]
;; MANIFEST: file = "restart-before-ready.wasm"
;; FAIL(6): run %capsule --restart on-failure --restart-limit 2 --restart-delay 1ms
(module
  (import "astrid:sys/host@1.0.0" "signal-ready" (func $ready))
  (global $n (mut i32) (i32.const 0))
  (func (export "run")
    (if (global.get $n) (then (call $ready)))
    (global.set $n (i32.div_u (i32.const 1) (global.get $n)))))
