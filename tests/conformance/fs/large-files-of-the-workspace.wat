;;! interface = "fs"
;;! covers = ["fs-open", "fs-append", "fs-copy", "access", "too-large"]
;;! capabilities = { fs_read = ["*", "home://"], fs_write = ["*", "home://"] }
;;! workspace = { most = { zeroes = 52428800 }, more = { zeroes = 52428801 }, gone = { zeroes = 52428801 } }
;;! changes = ["removed gone", "modified more", "modified most"]
;;! fresh-only = "what was replaced stays so"
;;! default-only = "both work in one workspace"
;; A file of the workspace is copied before it is changed, and so has 50 MiB at most; a larger one can
;; be replaced and removed.
(module
  (import "astrid:fs/host@1.0.0" "fs-open" (func $open (param i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "[method]file-handle.write-at"
    (func $write-at (param i32 i64 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "[method]file-handle.read-at"
    (func $read-at (param i32 i64 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-append" (func $append (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "write-file" (func $write (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-copy" (func $copy (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-unlink" (func $unlink (param i32 i32 i32)))
  (func $case
    (call $open (@text "most") (i32.const 3) (i32.const 0))
    (call $ok (@text "open of 50 MiB for both"))
    (call $write-at (i32.load (i32.const 4)) (i64.const 52428800) (@text "x") (i32.const 0))
    (call $ok (@text "write at its end"))
    (call $open (@text "more") (i32.const 3) (i32.const 0))
    (call $error (@error "access") (@text "open of a byte more for both"))
    (call $open (@text "more") (i32.const 2) (i32.const 0))
    (call $error (@error "access") (@text "open of a byte more for appending"))
    (call $append (@text "more") (@text "x") (i32.const 0))
    (call $error (@error "access") (@text "append to a byte more"))
    (call $copy (@text "more") (@text "home://more") (i32.const 0))
    (call $error (@error "too-large") (@text "copy of a byte more"))
    (call $open (@text "more") (i32.const 0) (i32.const 0))
    (call $ok (@text "open of a byte more for reading"))
    (call $read-at (i32.load (i32.const 4)) (i64.const 52428800) (i32.const 9) (i32.const 0))
    (call $ok (@text "read at its end"))
    (call $number (i32.load (i32.const 8)) (i32.const 1) (@text "the last byte"))
    (call $write (@text "more") (@text "small") (i32.const 0))
    (call $ok (@text "replacing it"))
    (call $append (@text "more") (@text "er") (i32.const 0))
    (call $ok (@text "and appending to what replaced it"))
    (call $unlink (@text "gone") (i32.const 0))
    (call $ok (@text "removing one"))))
