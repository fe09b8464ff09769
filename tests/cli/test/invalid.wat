;; Files of cases that are not valid are told with every problem, its line and its column, before
;; anything is run.
;;
;; FAIL(3)[no-cases]: test %capsule
;; FILE %capsule/tests/a.toml: [[case]]
;; FILE %capsule/tests/a.toml: nam = "x"
;; FILE %capsule/tests/a.toml: [case.given]
;; FILE %capsule/tests/a.toml: acton = "a"
;; FILE %capsule/tests/a.toml: events = []
;; FILE %capsule/tests/a.toml: [case.expect]
;; FILE %capsule/tests/a.toml: outcome = "well"
;; FILE %capsule/tests/a.toml: calls = { "kv.kvset" = 1 }
;; FILE %capsule/tests/b.toml: [[case]
;; FAIL(3): test %capsule
;; FAIL(3)[json]: test %capsule --json
;; FAIL(3)[github]: test %capsule --format github
;; FILE no-manifest/tests/a.toml: x
;; FAIL(3)[no-manifest]: test no-manifest
(module
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))
