;;! interface = "fs"
;;! covers = ["write-file", "fs-append", "fs-open", "fs-mkdir"]
;;! capabilities = { fs_read = ["*"], fs_write = ["*"] }
;;! workspace = { "d/keep" = "", to = { link = "made" }, deep = { link = "d/made" }, far = { link = "none/made" }, opened = { link = "d/opened" } }
;;! changes = ["added d/made", "added d/opened", "added made"]
;;! fresh-only = "what a link leads to is made once"
;;! default-only = "both work in one workspace"
;; Writing through a link that leads to nothing makes what it leads to, and the link stays.
(module
  (import "astrid:fs/host@1.0.0" "write-file" (func $write (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-append" (func $append (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "read-file" (func $read (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-open" (func $open (param i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-mkdir" (func $mkdir (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-stat-symlink" (func $lstat (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-read-link" (func $readlink (param i32 i32 i32)))
  (func $has (param $path i32) (param $bytes i32) (param $wanted i32) (param $wanted-bytes i32)
    (call $read (local.get $path) (local.get $bytes) (i32.const 0))
    (call $ok (local.get $path) (local.get $bytes))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8))
      (local.get $wanted) (local.get $wanted-bytes) (local.get $path) (local.get $bytes)))
  (func $case
    (call $write (@text "to") (@text "1") (i32.const 0))
    (call $ok (@text "write through a link"))
    (call $has (@text "made") (@text "1"))
    (call $append (@text "deep") (@text "2") (i32.const 0))
    (call $ok (@text "append through a link"))
    (call $has (@text "d/made") (@text "2"))
    (call $open (@text "opened") (i32.const 0) (i32.const 0))
    (call $error (@error "not-found") (@text "open for reading"))
    (call $open (@text "opened") (i32.const 3) (i32.const 0))
    (call $error (@error "not-found") (@text "open for both"))
    (call $open (@text "opened") (i32.const 1) (i32.const 0))
    (call $ok (@text "open for writing"))
    (call $has (@text "d/opened") (@text ""))
    (call $mkdir (@text "far") (i32.const 0))
    (call $error (@error "not-found") (@text "a directory where there is none to hold it"))
    (call $lstat (@text "to") (i32.const 0))
    (call $ok (@text "the link"))
    (call $number (i32.load (i32.const 16)) (i32.const 3) (@text "it is one still"))
    (call $readlink (@text "far") (i32.const 0))
    (call $ok (@text "where a link leads that leads to nothing"))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "workspace://none/made")
      (@text "where a link leads that leads to nothing"))))
