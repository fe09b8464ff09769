;; What the author did not mean to give away is found in the data, and never repeated when it is a
;; secret; each form of the report names the rule, the place and what to do.
;;
;; RUN: inspect %wasm
;; FAIL(1)[github]: inspect %wasm --check --format github
;; FAIL(1)[junit]: inspect %wasm --check --level warning --format junit
;; FAIL(1)[sarif]: inspect %wasm --check --format sarif
;; FAIL(1)[markdown]: inspect %wasm --check --format markdown
;; FAIL(2)[both-ways]: inspect %wasm --format sarif --json
(module
  (data (i32.const 0) "/home/ada/weather/src/lib.rs\00/home/ada/weather/src/main.rs\00")
  (data (i32.const 128) "token ghp_0123456789abcdefghijklmnopqrstuvwxyz01\00")
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))
