;; A first install always asks. What was approved is recorded with the hash of the binary: the same
;; again needs no yes, a manifest that wants more does, with the difference shown.
;;
;; MANIFEST: [package]
;; MANIFEST: name = "authority"
;; MANIFEST: version = "0.1.0"
;; MANIFEST:
;; MANIFEST: [[component]]
;; MANIFEST: file = "authority.wasm"
;; MANIFEST:
;; MANIFEST: [publish]
;; MANIFEST: "news.local" = "opaque"
;; MANIFEST:
;; MANIFEST: [capabilities]
;; MANIFEST: net = ["api.weather.test"]
;; FAIL(4)[nobody]: install %capsule
;; RUN[first]: install %capsule --yes
;; RUN[same]: install %capsule
;; EDIT %capsule/Capsule.toml: "news.local" = "opaque" => "news.world" = "opaque"
;; EDIT %capsule/Capsule.toml: version = "0.1.0" => version = "0.2.0"
;; FAIL(4)[more]: install %capsule
;; FAIL(4)[more-json]: install %capsule --json
;; RUN[more-agreed]: install %capsule --yes --json
;; EDIT %home/home/default/.local/capsules/authority/meta.json: "hash": " => "hash": "0
;; FAIL(4)[another-hash]: install %capsule
(module
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))
