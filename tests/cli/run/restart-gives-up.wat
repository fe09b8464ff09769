;; A loop that fails is started again only when asked, after a while, and no more often than the limit says;
;; the run then ends with the code of the last failure.
;;
;; MANIFEST: [package]
;; MANIFEST: name = "restart-gives-up"
;; MANIFEST: version = "0.1.0"
;; MANIFEST: [[component]]
;; MANIFEST: file = "restart-gives-up.wasm"
;; FAIL(6)[never]: run %capsule
;; FAIL(6)[limit]: run %capsule --restart on-failure --restart-limit 2 --restart-delay 1ms
;; FAIL(6)[json]: run %capsule --restart on-failure --restart-limit 1 --restart-delay 1ms --json
;; FAIL(2)[word]: run %capsule --restart always
;; FAIL(2)[alone]: run %capsule --restart-limit 2
(module
  (import "astrid:sys/host@1.0.0" "signal-ready" (func $ready))
  (func (export "run")
    (call $ready)
    unreachable))
