;; A case of a run loop: others publish in their time, virtual time passes while it waits, and with
;; --faults it is looked at whenever it waits. This one writes two keys for each message and looks at no
;; error, so that a failing call leaves half of it, and so does being killed between the two.
;;
;; MANIFEST: [package]
;; MANIFEST: name = "loops"
;; MANIFEST: version = "0.1.0"
;; MANIFEST: [[component]]
;; MANIFEST: file = "loops.wasm"
;; MANIFEST: [publish]
;; MANIFEST: "x.done" = "opaque"
;; MANIFEST: [subscribe]
;; MANIFEST: "x.go" = "opaque"
;; FILE %capsule/tests/a.toml: [[case]]
;; FILE %capsule/tests/a.toml: name = "twice"
;; FILE %capsule/tests/a.toml: [case.given]
;; FILE %capsule/tests/a.toml: run = true
;; FILE %capsule/tests/a.toml: messages = [{ topic = "x.go" }, { topic = "x.go", after = "24h" }]
;; FILE %capsule/tests/a.toml: [case.expect]
;; FILE %capsule/tests/a.toml: outcome = "running"
;; FILE %capsule/tests/a.toml: kv = { a = "1", b = "1" }
;; FILE %capsule/tests/a.toml: published = [{ topic = "x.done" }, { topic = "x.done" }]
;; FILE %capsule/tests/a.toml: [[case]]
;; FILE %capsule/tests/a.toml: name = "wrong"
;; FILE %capsule/tests/a.toml: given = { run = true, for = "1h" }
;; FILE %capsule/tests/a.toml: expect = { outcome = "returned", published = [{ topic = "x.done" }] }
;; FILE %capsule/tests/a.toml: [[case]]
;; FILE %capsule/tests/a.toml: name = "no interceptor"
;; FILE %capsule/tests/a.toml: given = { action = "a" }
;; RUN: test %capsule -E twice
;; FAIL(1)[wrong]: test %capsule -E wrong -E interceptor
;; FAIL(1)[faults]: test %capsule -E twice --faults --json
;; RUN[replay]: replay %capsule/faults/a-twice-1.cassette --wasm %capsule
(module
  (import "astrid:kv/host@1.0.0" "kv-set" (func $set (param i32 i32 i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.recv" (func $recv (param i32 i64 i32)))
  (data (i32.const 0) "ab1x.gox.done")
  (func (export "run")
    (call $subscribe (i32.const 3) (i32.const 4) (i32.const 1024))
    (if (i32.load8_u (i32.const 1024)) (then (return)))
    (loop $next
      (call $recv (i32.load (i32.const 1028)) (i64.const 60000) (i32.const 1040))
      (if (i32.load8_u (i32.const 1040)) (then (return)))
      (if (i32.load (i32.const 1052))
        (then
          (call $set (i32.const 0) (i32.const 1) (i32.const 2) (i32.const 1) (i32.const 2048))
          (call $set (i32.const 1) (i32.const 1) (i32.const 2) (i32.const 1) (i32.const 2048))
          (call $publish (i32.const 7) (i32.const 6) (i32.const 2) (i32.const 1) (i32.const 2048))))
      (br $next))))
