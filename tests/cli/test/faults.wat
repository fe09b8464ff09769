;; With --faults each host call of a case fails in every way that it can. An error that is swallowed and
;; a state that is half written come to light; a capsule that puts things right passes.
;;
;; FILE %capsule/tests/faults.toml: [[case]]
;; FILE %capsule/tests/faults.toml: name = "good"
;; FILE %capsule/tests/faults.toml: given = { action = "put", payload = "good" }
;; FILE %capsule/tests/faults.toml: expect = { kv = { a = 1, b = 1 } }
;; FILE %capsule/tests/faults.toml: [[case]]
;; FILE %capsule/tests/faults.toml: name = "half"
;; FILE %capsule/tests/faults.toml: given = { action = "put", payload = "half" }
;; FILE %capsule/tests/faults.toml: [[case]]
;; FILE %capsule/tests/faults.toml: name = "swallow"
;; FILE %capsule/tests/faults.toml: given = { action = "put", payload = "swallow" }
;; RUN: test %capsule
;; RUN[good]: test %capsule -E good --faults
;; FAIL(1)[half]: test %capsule -E half --faults
;; FAIL(1)[swallow]: test %capsule -E swallow --faults
;; FAIL(1)[github]: test %capsule --faults --format github
(module
  (import "astrid:kv/host@1.0.0" "kv-set" (func $set (param i32 i32 i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-delete" (func $delete (param i32 i32 i32)))
  (data (i32.const 0) "ab1{}broken")
  (func $failed (param $key i32) (result i32)
    (call $set (local.get $key) (i32.const 1) (i32.const 2) (i32.const 1) (i32.const 1024))
    (i32.load8_u (i32.const 1024)))
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (local $how i32)
    (local.set $how (i32.load8_u (local.get 2)))
    (if (call $failed (i32.const 0))
      (then (if (i32.ne (local.get $how) (i32.const 115))
        (then (return (call $deny (i32.const 5) (i32.const 6)))))))
    (if (call $failed (i32.const 1))
      (then
        (if (i32.eq (local.get $how) (i32.const 103))
          (then (call $delete (i32.const 0) (i32.const 1) (i32.const 1024))))
        (if (i32.ne (local.get $how) (i32.const 115))
          (then (return (call $deny (i32.const 5) (i32.const 6)))))))
    (call $continue (i32.const 3) (i32.const 2))))
