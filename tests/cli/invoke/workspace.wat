;; What a guest changes in the workspace is listed and dropped, applied with --commit, or made at once
;; with --direct.
;;
;; MANIFEST: [package]
;; MANIFEST: name = "workspace"
;; MANIFEST: version = "1.0.0"
;; MANIFEST: [[component]]
;; MANIFEST: file = "workspace.wasm"
;; MANIFEST: [capabilities]
;; MANIFEST: fs_read = ["*"]
;; MANIFEST: fs_write = ["cwd://out", "cwd://note"]
;; FILE note: before
;; FILE old: stays
;; RUN: invoke %capsule go --trace
;; RUN[json]: invoke %capsule go --json
;; RUN[quiet]: invoke %capsule go -q
;; FAIL(1)[not-well]: invoke %capsule go --commit --expect deny
;; RUN[commit]: invoke %capsule go --commit
;; RUN[nothing-more]: invoke %capsule go --commit
;; REMOVE: out
;; RUN[direct]: invoke %capsule go --direct
;; RUN[nothing-left]: invoke %capsule go
;; REMOVE: out
;; RUN[ephemeral]: invoke %capsule go --ephemeral --json --workspace %workspace
;; FAIL(2)[both]: invoke %capsule go --direct --commit
;; FAIL(10)[no-directory]: invoke %capsule go --workspace %tmp/nowhere
(module
  (import "astrid:fs/host@1.0.0" "write-file" (func $write (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-unlink" (func $unlink (param i32 i32 i32)))
  (data (i32.const 0) "out/\c3\a4note/afterold")
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    ;; out/ä
    (call $write (i32.const 0) (i32.const 6) (i32.const 11) (i32.const 5) (i32.const 1024))
    (call $write (i32.const 6) (i32.const 4) (i32.const 11) (i32.const 5) (i32.const 1024))
    ;; Nothing grants this one.
    (call $unlink (i32.const 16) (i32.const 3) (i32.const 1024))
    (call $continue-empty)))
