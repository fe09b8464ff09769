;; A secret comes from standard input, is listed without its value, and can be removed again.
;;
;; MANIFEST: [package]
;; MANIFEST: name = "from-stdin"
;; MANIFEST: version = "1.0.0"
;; MANIFEST: [[component]]
;; MANIFEST: file = "from-stdin.wasm"
;; MANIFEST: [env]
;; MANIFEST: token = { type = "secret" }
;; MANIFEST: city = { type = "text" }
;; RUN[install]: install %capsule --yes
;; RUN[before]: secret %name
;; RUN[set]: secret %name set token
;; STDIN[set]: s3cret
;; RUN[list]: secret %name list --json
;; RUN[unset]: secret %name unset token
;; RUN[unset-again]: secret %name unset token
;; FAIL(2)[empty]: secret %name set token
;; FAIL(2)[setting]: secret %name set city
;; RUN[undeclared]: secret %name set tokn
;; STDIN[undeclared]: s3cret
;; FAIL(2)[key]: secret %name set a/b
;; STDIN[key]: s3cret
;; FAIL(2)[argv]: secret %name set token s3cret
;; FAIL(4)[env]: env %name set token=s3cret
(module
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))
