;;! interface = "fs"
;;! covers = []
;;! capabilities = { fs_read = ["home://"], fs_write = ["*"] }
;;! files = { "home/default/a" = "", "home/other/a" = "" }
;;! changes = []
;; Permission to write is enough for whatever makes, changes, moves or removes something, and for
;; nothing that shows what is there.
(module
  (import "astrid:fs/host@1.0.0" "fs-open" (func $open (param i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-mkdir" (func $mkdir (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-mkdir-all" (func $mkdirs (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-unlink" (func $unlink (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "write-file" (func $write (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-append" (func $append (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-copy" (func $copy (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-rename" (func $rename (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-hard-link" (func $link (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-remove-dir-all" (func $rmtree (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "[method]file-handle.write-at"
    (func $write-at (param i32 i64 i32 i32 i32)))
  (func $case
    (call $mkdir (@text "n") (i32.const 0))
    (call $ok (@text "mkdir"))
    (call $mkdirs (@text "n/m/o") (i32.const 0))
    (call $ok (@text "mkdir-all"))
    (call $write (@text "n/a") (@text "x") (i32.const 0))
    (call $ok (@text "write-file"))
    (call $append (@text "n/a") (@text "y") (i32.const 0))
    (call $ok (@text "append"))
    (call $rename (@text "n/a") (@text "n/b") (i32.const 0))
    (call $ok (@text "rename"))
    (call $link (@text "n/b") (@text "n/c") (i32.const 0))
    (call $ok (@text "hard-link"))
    (call $unlink (@text "n/c") (i32.const 0))
    (call $ok (@text "unlink"))
    (call $open (@text "n/b") (i32.const 1) (i32.const 0))
    (call $ok (@text "open for writing"))
    (call $write-at (i32.load (i32.const 4)) (i64.const 0) (@text "z") (i32.const 0))
    (call $ok (@text "write-at"))
    (call $open (@text "n/b") (i32.const 2) (i32.const 0))
    (call $ok (@text "open for appending"))
    (call $open (@text "n/b") (i32.const 3) (i32.const 0))
    (call $error (@error "capability-denied") (@text "open for both, which shows what is there"))
    (call $copy (@text "n/b") (@text "n/d") (i32.const 0))
    (call $error (@error "capability-denied") (@text "copy, which reads"))
    (call $copy (@text "home://a") (@text "n/d") (i32.const 0))
    (call $ok (@text "copy of what may be read"))
    (call $rmtree (@text "n") (i32.const 0))
    (call $ok (@text "remove-dir-all"))
    (call $equal (i64.load (i32.const 8)) (i64.const 5) (@text "what is removed"))))
