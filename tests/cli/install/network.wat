;; What the user says about the network holds for a hook, too; that its programs would have no sandbox
;; is in the document.
;;
;; MANIFEST: [package]
;; MANIFEST: name = "network"
;; MANIFEST: version = "1.0.0"
;; MANIFEST: [[component]]
;; MANIFEST: file = "network.wasm"
;; MANIFEST: [capabilities]
;; MANIFEST: net_connect = ["127.0.0.1:1"]
;; RUN: install %capsule --yes --trace -q
;; RUN[exempt]: install %capsule --yes --reinstall --trace --allow-local 127.0.0.1:1 -q
;; RUN[offline]: install %capsule --yes --reinstall --trace --allow-local 127.0.0.1:1 --offline -q
;; RUN[json]: install %capsule --yes --reinstall --allow-unsandboxed --json
;; FAIL(10)[ca]: install %capsule --yes --reinstall --ca-file none.pem
(module
  (import "astrid:net/host@1.0.0" "connect-tcp" (func $connect (param i32 i32 i32 i32)))
  (data (i32.const 0) "127.0.0.1")
  (func (export "astrid-install")
    (call $connect (i32.const 0) (i32.const 9) (i32.const 1) (i32.const 1024))))
