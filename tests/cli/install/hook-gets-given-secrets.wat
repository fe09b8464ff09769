;; A secret that is given with the installation is there when the install hook looks for it; an empty one
;; is refused before anything runs.
;;
;; MANIFEST: [package]
;; MANIFEST: name = "hook-gets-given-secrets"
;; MANIFEST: version = "1.0.0"
;; MANIFEST: [[component]]
;; MANIFEST: file = "hook-gets-given-secrets.wasm"
;; MANIFEST: [env]
;; MANIFEST: api_key = { type = "secret" }
;;
;; FAIL(6)[without]: install %capsule --yes
;; FAIL(2)[empty]: install %capsule --yes --set api_key=
;; RUN[given]: install %capsule --yes --set api_key=opensesame
(module
  (import "astrid:sys/host@1.0.0" "get-config" (func $get (param i32 i32 i32)))
  (data (i32.const 256) "api_key")
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty))
  (func (export "astrid-install")
    (call $get (i32.const 256) (i32.const 7) (i32.const 0))
    ;; ok(some(text of ten bytes))
    (if (i32.load8_u (i32.const 0)) (then unreachable))
    (if (i32.eqz (i32.load8_u (i32.const 4))) (then unreachable))
    (if (i32.ne (i32.load (i32.const 12)) (i32.const 10)) (then unreachable))))
