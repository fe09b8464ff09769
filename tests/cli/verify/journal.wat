;; A journal that cannot be followed keeps its own capsule from being installed and removed, and
;; nothing else. It is a finding, and is set aside once somebody agrees; then the capsule can be
;; changed again.
;;
;; WITH: greeter
;; RUN[install]: install %capsule --yes
;; RUN[greeter]: install %greeter --yes
;; FILE %home/cache/staging/journal.0123456789abcdef/tree/left.txt: what a killed install left
;; FILE %home/cache/staging/journal.0123456789abcdef/journal.json: {"version":1,"action":{"kind":"ins
;; RUN[others]: list
;; RUN[itself]: invoke %name nothing
;; RUN[greeter-again]: install %greeter --yes --reinstall
;; FAIL(5)[again]: install %capsule --yes --reinstall
;; FAIL(5)[dry]: install %capsule --yes --reinstall --dry-run
;; FAIL(5)[gone]: remove journal --yes
;; FAIL(5)[found]: verify --all
;; FAIL(5)[json]: verify --all --json
;; FAIL(5)[github]: verify journal --format github
;; RUN[other]: verify greeter
;; FAIL(5)[nobody]: verify --repair
;; RUN[repair]: verify --repair --yes
;; RUN[clean]: verify --all
;; RUN[installed]: install %capsule --yes --reinstall
;; RUN[swept]: gc --yes
;; CUT %home/cache/staging/journal.0123456789abcdef.aside/tree/left.txt: 4
;; FILE %home/cache/staging/journal.00000000000000aa/journal.json: {"version":7,"change":["of","another","form"]}
;; FAIL(5)[newer]: install %capsule --yes --reinstall
;; FAIL(5)[newer-found]: verify
;; RUN[newer-repair]: verify journal --repair --yes --json
;; RUN[newer-gone]: remove journal --yes
(module
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))
