;; A version that is replaced is kept, with what was approved for it: going back needs no yes, runs the
;; upgrade hook, and keeps the version that it leaves, so that a second rollback undoes the first.
;;
;; MANIFEST: [package]
;; MANIFEST: name = "there-and-back"
;; MANIFEST: version = "0.1.0"
;; MANIFEST:
;; MANIFEST: [[component]]
;; MANIFEST: file = "there-and-back.wasm"
;; MANIFEST:
;; MANIFEST: [capabilities]
;; MANIFEST: net = ["api.weather.test"]
;; RUN[install]: install %capsule --yes
;; FAIL(1)[nothing-kept]: rollback %name
;; EDIT %capsule/Capsule.toml: version = "0.1.0" => version = "0.2.0"
;; EDIT %capsule/Capsule.toml: ["api.weather.test"] => ["other.weather.test"]
;; RUN[upgrade]: install %capsule --yes
;; RUN[tried]: rollback %name --dry-run
;; RUN: rollback %name
;; RUN[show]: list
;; RUN[forth]: rollback %name --json
;; RUN[without-hooks]: rollback %name --no-hooks
;; RUN[verify]: verify --all
;; RUN[unused]: gc --dry-run
(module
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (data (i32.const 0) "upgraded")
  (func (export "astrid-upgrade") (call $log (i32.const 3) (i32.const 0) (i32.const 8)))
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))
