;;! interface = "fs"
;;! covers = ["access"]
;;! capabilities = { fs_read = ["*"], fs_write = ["*"] }
;; The root of a place can be looked at, and neither removed, renamed nor made.
(module
  (import "astrid:fs/host@1.0.0" "fs-exists" (func $exists (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-stat" (func $stat (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-remove-dir-all" (func $rmtree (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-mkdir" (func $mkdir (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-mkdir-all" (func $mkdirs (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-rename" (func $rename (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-unlink" (func $unlink (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "write-file" (func $write (param i32 i32 i32 i32 i32)))
  (func $case
    (call $exists (@text "") (i32.const 0))
    (call $ok (@text "it is there"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 1) (@text "it is there"))
    (call $stat (@text "/") (i32.const 0))
    (call $ok (@text "a directory"))
    (call $number (i32.load (i32.const 16)) (i32.const 2) (@text "a directory"))
    (call $rmtree (@text "cwd://") (i32.const 0))
    (call $error-8 (@error "access") (@text "remove"))
    (call $mkdir (@text ".") (i32.const 0))
    (call $error (@error "access") (@text "mkdir"))
    (call $mkdirs (@text "/") (i32.const 0))
    (call $ok (@text "mkdir-all"))
    (call $rename (@text "") (@text "x") (i32.const 0))
    (call $error (@error "access") (@text "rename"))
    (call $rename (@text "x") (@text "") (i32.const 0))
    (call $error (@error "access") (@text "rename over it"))
    (call $unlink (@text "/") (i32.const 0))
    (call $error (@error "is-directory") (@text "unlink"))
    (call $write (@text "/") (@text "x") (i32.const 0))
    (call $error (@error "is-directory") (@text "write"))))
