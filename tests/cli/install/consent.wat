;; Without a terminal nobody can agree: the install stops with the flag that would answer. On an
;; upgrade only what is new is asked about.
;;
;; MANIFEST: [package]
;; MANIFEST: name = "consent"
;; MANIFEST: version = "0.1.0"
;; MANIFEST:
;; MANIFEST: [[component]]
;; MANIFEST: file = "consent.wasm"
;; MANIFEST:
;; MANIFEST: [capabilities]
;; MANIFEST: net = ["api.weather.test"]
;; FAIL(4): install %capsule
;; RUN[agreed]: install %capsule --yes
;; EDIT %capsule/Capsule.toml: version = "0.1.0" => version = "0.2.0"
;; EDIT %capsule/Capsule.toml: "api.weather.test" => "api.weather.test", "*"
;; FAIL(4)[upgrade]: install %capsule
;; RUN[agreed-again]: install %capsule --yes
(module
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))
