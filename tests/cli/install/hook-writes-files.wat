;; A lifecycle hook works in the capsule's own directory; what it writes in the home is listed.
;;
;; MANIFEST: [package]
;; MANIFEST: name = "hook-writes-files"
;; MANIFEST: version = "1.0.0"
;; MANIFEST: [[component]]
;; MANIFEST: file = "hook-writes-files.wasm"
;; MANIFEST: [capabilities]
;; MANIFEST: fs_write = ["cwd://", "home://"]
;; FILE %home/home/default/keep: x
;; RUN: install %capsule --yes
;; RUN[again]: install %capsule --yes --reinstall --json
(module
  (import "astrid:fs/host@1.0.0" "write-file" (func $write (param i32 i32 i32 i32 i32)))
  (data (i32.const 0) "datahome://notetmp://note")
  (func (export "astrid-install")
    (call $write (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 4) (i32.const 1024))
    (call $write (i32.const 4) (i32.const 11) (i32.const 0) (i32.const 4) (i32.const 1024))
    (call $write (i32.const 15) (i32.const 10) (i32.const 0) (i32.const 4) (i32.const 1024))))
