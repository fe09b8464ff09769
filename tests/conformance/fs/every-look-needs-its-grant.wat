;;! interface = "fs"
;;! covers = ["capability-denied"]
;;! capabilities = { fs_read = ["cwd://mine"], fs_write = ["*"] }
;;! workspace = { a = "x", "d/b" = "", to = { link = "a" }, "mine/to" = { link = "../a" } }
;;! changes = []
;; Whatever tells something about a path is a read, and permission for a link is none for what it
;; leads to.
(module
  (import "astrid:fs/host@1.0.0" "fs-open" (func $open (param i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-exists" (func $exists (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-readdir" (func $readdir (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-stat" (func $stat (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-stat-symlink" (func $lstat (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "read-file" (func $read (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-canonicalize" (func $canon (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-read-link" (func $read-link (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-copy" (func $copy (param i32 i32 i32 i32 i32)))
  (func $case
    (call $open (@text "a") (i32.const 0) (i32.const 0))
    (call $error (@error "capability-denied") (@text "open for reading"))
    (call $exists (@text "a") (i32.const 0))
    (call $error (@error "capability-denied") (@text "exists"))
    (call $readdir (@text "d") (i32.const 0))
    (call $error (@error "capability-denied") (@text "readdir"))
    (call $stat (@text "a") (i32.const 0))
    (call $error-8 (@error "capability-denied") (@text "stat"))
    (call $lstat (@text "to") (i32.const 0))
    (call $error-8 (@error "capability-denied") (@text "stat-symlink"))
    (call $read (@text "a") (i32.const 0))
    (call $error (@error "capability-denied") (@text "read-file"))
    (call $canon (@text "a") (i32.const 0))
    (call $error (@error "capability-denied") (@text "canonicalize"))
    (call $read-link (@text "to") (i32.const 0))
    (call $error (@error "capability-denied") (@text "read-link"))
    (call $copy (@text "a") (@text "n") (i32.const 0))
    (call $error (@error "capability-denied") (@text "copy"))
    (call $lstat (@text "mine/to") (i32.const 0))
    (call $ok (@text "the link itself"))
    (call $read (@text "mine/to") (i32.const 0))
    (call $error (@error "capability-denied") (@text "what it leads to"))))
