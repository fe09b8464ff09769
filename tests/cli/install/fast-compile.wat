;; A capsule that was compiled fast is called like any other, and told apart in every report, until it
;; is installed without that. A call with a seed never has that code, and gc keeps what is used.
;;
;; RUN: install %capsule --yes --fast-compile
;; RUN[json]: install %capsule --yes --fast-compile --json
;; RUN[call]: invoke %name act -v
;; RUN[call-json]: invoke %name act --json
;; RUN[run]: run %name --json --for 0s
;; RUN[seed]: invoke %name act --seed 1 --json
;; RUN[seed-again]: invoke %name act --seed 1 --json
;; RUN[verify]: verify
;; RUN[nothing]: gc --yes
;; RUN[optimized]: install %capsule --yes --json
;; RUN[optimized-call]: invoke %name act --json
;; RUN[too-late]: install %capsule --yes --fast-compile --json
;; RUN[trial]: install %capsule --yes --fast-compile --dry-run
(module
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))
