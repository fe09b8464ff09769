;; An older version replaces a newer one only when that was asked for.
;;
;; MANIFEST: [package]
;; MANIFEST: name = "downgrade"
;; MANIFEST: version = "1.10.0"
;; MANIFEST: [[component]]
;; MANIFEST: file = "downgrade.wasm"
;; RUN[install]: install %capsule --yes
;; EDIT %capsule/Capsule.toml: 1.10.0 => 1.9.0
;; FAIL(4): install %capsule --yes
;; RUN[list]: list
;; RUN[allowed]: install %capsule --yes --allow-downgrade
(module
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))
