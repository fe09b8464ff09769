;; What a hook stores is decided upon as a whole, and has to fit into the journal. Where it does not, the
;; capsule is refused and nothing of it is there: no version, no value, nothing in staging.
;;
;; MANIFEST: [package]
;; MANIFEST: name = "hook-writes-too-much"
;; MANIFEST: version = "1.0.0"
;; MANIFEST:
;; MANIFEST: [[component]]
;; MANIFEST: file = "hook-writes-too-much.wasm"
;; MANIFEST:
;; MANIFEST: [capabilities]
;; MANIFEST: kv = ["*"]
;; FAIL(3): install %capsule --yes
;; RUN[list]: list
;; RUN[verify]: verify --all
;; RUN[without]: install %capsule --yes --no-hooks
;; RUN[keys]: kv %name list
(module
  (import "astrid:kv/host@1.0.0" "kv-set" (func $set (param i32 i32 i32 i32 i32)))
  ;; 52 values of 1 MiB that are no text: within what a hook may store, and a third more in JSON.
  (func (export "astrid-install")
    (local $i i32)
    (drop (memory.grow (i32.const 32)))
    (memory.fill (i32.const 65536) (i32.const 255) (i32.const 1048576))
    (local.set $i (i32.const 52))
    (loop $next
      (i32.store8 (i32.const 0) (i32.add (local.get $i) (i32.const 65)))
      (call $set (i32.const 0) (i32.const 1) (i32.const 65536) (i32.const 1048576) (i32.const 1024))
      (if (i32.load8_u (i32.const 1024)) (then unreachable))
      (local.set $i (i32.sub (local.get $i) (i32.const 1)))
      (br_if $next (local.get $i))))
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))
