;; A removal whose journal is fine, and asks for something that this program cannot do, is a finding
;; too. The capsule is gone; once the rest is given up, it can be installed again.
;;
;; FILE %home/cache/staging/change-unfinished.0123456789abcdef/old/Capsule.toml: [package]
;; FILE %home/cache/staging/change-unfinished.0123456789abcdef/journal.json: {"version":1,"action":{"kind":"remove","purge":false},"outside":{"forget":1}}
;; FAIL(5)[found]: verify --all
;; FAIL(10)[install]: install %capsule --yes
;; RUN[repair]: verify --repair --yes
;; RUN[again]: install %capsule --yes
(module
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))
