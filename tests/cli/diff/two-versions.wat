;; What a new version changes is shown part by part, with what breaks and what asks for more.
;;
;; MANIFEST: [package]
;; MANIFEST: name = "two-versions"
;; MANIFEST: version = "1.0.0"
;; MANIFEST: [[component]]
;; MANIFEST: file = "two-versions.wasm"
;; MANIFEST: [publish]
;; MANIFEST: "notes.v1.saved" = "opaque"
;; MANIFEST: [subscribe]
;; MANIFEST: "notes.v1.save" = { wit = "opaque", handler = "save" }
;; RUN[install]: install %capsule --yes
;; RUN: diff %name %capsule
;; EDIT %capsule/Capsule.toml: 1.0.0 => 1.1.0
;; EDIT %capsule/Capsule.toml: "notes.v1.saved" => "notes.v2.saved"
;; FILE after.wat: (component)
;; FAIL(1)[manifest]: diff %name %capsule
;; FAIL(1)[json]: diff %name %capsule --json
;; FAIL(1)[binary]: diff %wasm after.wat
;; FAIL(3)[absent]: diff %name other
(module
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))
