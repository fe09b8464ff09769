;;! interface = "fs"
;;! covers = ["capability-denied"]
;;! capabilities = { fs_read = ["*"], fs_write = ["cwd://mine"] }
;;! workspace = { a = "x", "d/b" = "", "mine/c" = "" }
;;! changes = []
;; Whatever makes, changes, moves or removes something is a write, and of two paths each needs its
;; own permission.
(module
  (import "astrid:fs/host@1.0.0" "fs-open" (func $open (param i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-mkdir" (func $mkdir (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-mkdir-all" (func $mkdir-all (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-unlink" (func $unlink (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "write-file" (func $write (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-append" (func $append (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-copy" (func $copy (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-rename" (func $rename (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-hard-link" (func $link (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-remove-dir-all" (func $remove-all (param i32 i32 i32)))
  (func $case
    (call $open (@text "a") (i32.const 1) (i32.const 0))
    (call $error (@error "capability-denied") (@text "open for writing"))
    (call $open (@text "a") (i32.const 2) (i32.const 0))
    (call $error (@error "capability-denied") (@text "open for appending"))
    (call $open (@text "a") (i32.const 3) (i32.const 0))
    (call $error (@error "capability-denied") (@text "open for both"))
    (call $mkdir (@text "n") (i32.const 0))
    (call $error (@error "capability-denied") (@text "mkdir"))
    (call $mkdir-all (@text "n/n") (i32.const 0))
    (call $error (@error "capability-denied") (@text "mkdir-all"))
    (call $unlink (@text "a") (i32.const 0))
    (call $error (@error "capability-denied") (@text "unlink"))
    (call $write (@text "a") (@text "y") (i32.const 0))
    (call $error (@error "capability-denied") (@text "write-file"))
    (call $append (@text "a") (@text "y") (i32.const 0))
    (call $error (@error "capability-denied") (@text "append"))
    (call $copy (@text "mine/c") (@text "n") (i32.const 0))
    (call $error (@error "capability-denied") (@text "copy to it"))
    (call $rename (@text "mine/c") (@text "n") (i32.const 0))
    (call $error (@error "capability-denied") (@text "rename to it"))
    (call $rename (@text "a") (@text "mine/a") (i32.const 0))
    (call $error (@error "capability-denied") (@text "rename from it"))
    (call $link (@text "mine/c") (@text "n") (i32.const 0))
    (call $error (@error "capability-denied") (@text "link to it"))
    (call $link (@text "a") (@text "mine/a") (i32.const 0))
    (call $error (@error "capability-denied") (@text "link from it"))
    (call $remove-all (@text "d") (i32.const 0))
    (call $error-8 (@error "capability-denied") (@text "remove-dir-all"))))
