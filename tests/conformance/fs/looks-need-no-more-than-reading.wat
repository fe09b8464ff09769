;;! interface = "fs"
;;! covers = []
;;! capabilities = { fs_read = ["*"], fs_write = ["home://"] }
;;! workspace = { a = "x", "d/b" = "", to = { link = "a" } }
;;! changes = []
;; Permission to read is enough for whatever tells something, and for what is copied.
(module
  (import "astrid:fs/host@1.0.0" "fs-open" (func $open (param i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-exists" (func $exists (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-readdir" (func $readdir (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-stat" (func $stat (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-stat-symlink" (func $lstat (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "read-file" (func $read (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-copy" (func $copy (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-canonicalize" (func $canon (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-read-link" (func $readlink (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "[method]file-handle.read-at"
    (func $read-at (param i32 i64 i32 i32)))
  (func $case
    (call $open (@text "a") (i32.const 0) (i32.const 0))
    (call $ok (@text "open for reading"))
    (call $read-at (i32.load (i32.const 4)) (i64.const 0) (i32.const 9) (i32.const 0))
    (call $ok (@text "read-at"))
    (call $exists (@text "a") (i32.const 0))
    (call $ok (@text "exists"))
    (call $stat (@text "a") (i32.const 0))
    (call $ok (@text "stat"))
    (call $lstat (@text "a") (i32.const 0))
    (call $ok (@text "stat-symlink"))
    (call $read (@text "a") (i32.const 0))
    (call $ok (@text "read-file"))
    (call $canon (@text "a") (i32.const 0))
    (call $ok (@text "canonicalize"))
    (call $readdir (@text "d") (i32.const 0))
    (call $ok (@text "readdir"))
    (call $readlink (@text "to") (i32.const 0))
    (call $ok (@text "read-link"))
    (call $open (@text "a") (i32.const 3) (i32.const 0))
    (call $error (@error "capability-denied") (@text "open for both"))
    (call $copy (@text "a") (@text "home://made") (i32.const 0))
    (call $ok (@text "copy to what may be written"))
    (call $read (@text "home://made") (i32.const 0))
    (call $error (@error "capability-denied") (@text "and reading it there"))
    (call $copy (@text "home://made") (@text "a") (i32.const 0))
    (call $error (@error "capability-denied") (@text "copy back"))))
