;; What is not as expected is shown with both sides and its line; --bless writes exact values, leaves
;; comments and what only an author can mean, and says how much is left.
;;
;; FILE %capsule/tests/a.toml: [[case]]
;; FILE %capsule/tests/a.toml: name = "all is well"
;; FILE %capsule/tests/a.toml: given = { action = "echo", payload = "hello" }
;; FILE %capsule/tests/a.toml: expect = { data = "hello", calls = { "sys.log" = 1 }, max-memory = "1MiB" }
;; FILE %capsule/tests/a.toml: [[case]]
;; FILE %capsule/tests/a.toml: name = "nothing is well" # a comment
;; FILE %capsule/tests/a.toml: given = { action = "echo", payload = { n = 1 }, workspace = { "x" = "y" } }
;; FILE %capsule/tests/a.toml: [case.expect]
;; FILE %capsule/tests/a.toml: outcome = "final" # another
;; FILE %capsule/tests/a.toml: data = { n = 2, more = [1] }
;; FILE %capsule/tests/a.toml: data-includes = { m = 1 }
;; FILE %capsule/tests/a.toml: data-matches = "*m*"
;; FILE %capsule/tests/a.toml: reason = "none"
;; FILE %capsule/tests/a.toml: kv = { k = "v" }
;; FILE %capsule/tests/a.toml: workspace-absent = ["x"]
;; FILE %capsule/tests/a.toml: published = [{ topic = "a.b" }]
;; FILE %capsule/tests/a.toml: calls = { "sys.log" = 0, "kv.kv-set" = ">=1" }
;; FILE %capsule/tests/a.toml: max-memory = 1
;; FILE %capsule/tests/b.toml: [[case]]
;; FILE %capsule/tests/b.toml: name = "an upgrade"
;; FILE %capsule/tests/b.toml: given = { hook = "upgrade" }
;; FILE %capsule/tests/b.toml: [[case]]
;; FILE %capsule/tests/b.toml: name = "a denial that nobody expected"
;; FILE %capsule/tests/b.toml: given = { action = "no" }
;; FAIL(1): test %capsule
;; FAIL(1)[json]: test %capsule -E well --json
;; FAIL(1)[github]: test %capsule --format github
;; FAIL(1)[fail-fast]: test %capsule --fail-fast --jobs 1
;; RUN[one]: test %capsule -E 'all is'
;; RUN[list]: test %capsule --list
;; RUN[list-json]: test %capsule --list -E well --json
;; FAIL(2)[none]: test %capsule -E wel1
;; FAIL(2)[contradiction]: test %capsule --json --format junit
;; FAIL(1)[bless]: test %capsule --bless
;; FAIL(1)[blessed]: test %capsule --quiet
(module
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (data (i32.const 0) "echonocalled")
  (func (export "astrid-hook-trigger")
    (param $action i32) (param $action-bytes i32) (param $payload i32) (param $payload-bytes i32)
    (result i32)
    (call $log (i32.const 2) (i32.const 6) (i32.const 6))
    (if (call $same (local.get $action) (local.get $action-bytes) (i32.const 0) (i32.const 4))
      (then (return (call $continue (local.get $payload) (local.get $payload-bytes)))))
    (call $deny (i32.const 4) (i32.const 2))))
