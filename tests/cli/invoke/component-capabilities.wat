;; What a component's own table of capabilities grants is granted to the capsule, and nothing else is.
;;
;; MANIFEST: [package]
;; MANIFEST: name = "granted"
;; MANIFEST: version = "0.1.0"
;; MANIFEST: [[component]]
;; MANIFEST: file = "component-capabilities.wasm"
;; MANIFEST: [component.capabilities]
;; MANIFEST: fs_read = ["cwd://mine"]
;; MANIFEST: [capabilities]
;; MANIFEST: fs_read = ["cwd://yours"]
;; FILE mine/a: of the component
;; FILE yours/a: of the capsule
;; FILE theirs/a: of nobody
;; RUN[mine]: invoke %capsule mine/a -q
;; RUN[yours]: invoke %capsule yours/a -q
;; FAIL(9)[theirs]: invoke %capsule theirs/a -q
(module
  (import "astrid:fs/host@1.0.0" "read-file" (func $read (param i32 i32 i32)))
  (func (export "astrid-hook-trigger")
    (param $path i32) (param $bytes i32) (param i32 i32) (result i32)
    (call $read (local.get $path) (local.get $bytes) (i32.const 64))
    (if (i32.load8_u (i32.const 64))
      (then (return (call $deny (local.get $path) (local.get $bytes)))))
    (call $continue (i32.load (i32.const 68)) (i32.load (i32.const 72)))))
