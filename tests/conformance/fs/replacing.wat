;;! interface = "fs"
;;! covers = ["fs-copy", "fs-rename", "write-file", "fs-stat-symlink", "access"]
;;! capabilities = { fs_read = ["*", "home://"], fs_write = ["*", "home://"] }
;;! workspace = { long = "a longer text", short = "s", pipe = { pipe = true }, to = { link = "short" } }
;;! changes = ["modified long"]
;;! fresh-only = "what was replaced stays so"
;;! default-only = "both work in one workspace"
;; What is written, copied or renamed over a file takes its place whole; what is copied from a link is
;; what it leads to, and from a pipe nothing is.
(module
  (import "astrid:fs/host@1.0.0" "write-file" (func $write (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "read-file" (func $read (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-copy" (func $copy (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-rename" (func $rename (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-unlink" (func $unlink (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-stat-symlink" (func $lstat (param i32 i32 i32)))
  (func $has (param $path i32) (param $bytes i32) (param $wanted i32) (param $wanted-bytes i32)
    (call $read (local.get $path) (local.get $bytes) (i32.const 0))
    (call $ok (local.get $path) (local.get $bytes))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8))
      (local.get $wanted) (local.get $wanted-bytes) (local.get $path) (local.get $bytes)))
  (func $case
    (call $write (@text "home://long") (@text "a longer text") (i32.const 0))
    (call $ok (@text "write"))
    (call $write (@text "home://long") (@text "new") (i32.const 0))
    (call $ok (@text "write over it"))
    (call $has (@text "home://long") (@text "new"))
    (call $copy (@text "to") (@text "long") (i32.const 0))
    (call $ok (@text "copy over a longer one"))
    (call $has (@text "long") (@text "s"))
    (call $lstat (@text "long") (i32.const 0))
    (call $number (i32.load (i32.const 16)) (i32.const 1) (@text "it is no link"))
    (call $write (@text "other") (@text "o") (i32.const 0))
    (call $rename (@text "other") (@text "long") (i32.const 0))
    (call $ok (@text "rename over it"))
    (call $has (@text "long") (@text "o"))
    (call $read (@text "other") (i32.const 0))
    (call $error (@error "not-found") (@text "the old name"))
    (call $copy (@text "pipe") (@text "home://x") (i32.const 0))
    (call $error (@error "access") (@text "copy of a pipe"))
    (call $copy (@text "nowhere") (@text "home://x") (i32.const 0))
    (call $error (@error "not-found") (@text "copy of nothing"))
    (call $read (@text "home://x") (i32.const 0))
    (call $error (@error "not-found") (@text "what was not copied"))
    (call $unlink (@text "home://long") (i32.const 0))
    (call $ok (@text "unlink"))))
