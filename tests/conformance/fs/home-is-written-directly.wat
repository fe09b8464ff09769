;;! interface = "fs"
;;! covers = ["fs-append", "fs-copy", "fs-rename", "fs-open", "fs-mkdir", "not-found"]
;;! capabilities = { fs_read = ["home://"], fs_write = ["home://"] }
;;! changes = []
;; In the home and in the scratch directory nothing makes the directories that a path lacks, except
;; what is there to make them.
(module
  (import "astrid:fs/host@1.0.0" "fs-append" (func $append (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "write-file" (func $write (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-copy" (func $copy (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-rename" (func $rename (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-hard-link" (func $link (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-open" (func $open (param i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-mkdir" (func $mkdir (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-mkdir-all" (func $mkdirs (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-remove-dir-all" (func $rmtree (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-unlink" (func $unlink (param i32 i32 i32)))
  (func $case
    (call $append (@text "home://a") (@text "x") (i32.const 0))
    (call $ok (@text "append makes a file"))
    (call $append (@text "home://d/a") (@text "x") (i32.const 0))
    (call $error (@error "not-found") (@text "append"))
    (call $append (@text "/tmp/d/a") (@text "x") (i32.const 0))
    (call $error (@error "not-found") (@text "append in the scratch directory"))
    (call $write (@text "/tmp/d/a") (@text "x") (i32.const 0))
    (call $error (@error "not-found") (@text "write-file in the scratch directory"))
    (call $copy (@text "home://a") (@text "home://d/a") (i32.const 0))
    (call $error (@error "not-found") (@text "copy"))
    (call $rename (@text "home://a") (@text "home://d/a") (i32.const 0))
    (call $error (@error "not-found") (@text "rename"))
    (call $link (@text "home://a") (@text "home://d/a") (i32.const 0))
    (call $error (@error "not-found") (@text "link"))
    (call $open (@text "home://d/a") (i32.const 1) (i32.const 0))
    (call $error (@error "not-found") (@text "open for writing"))
    (call $mkdir (@text "home://d/e") (i32.const 0))
    (call $error (@error "not-found") (@text "mkdir"))
    (call $mkdirs (@text "home://d/e") (i32.const 0))
    (call $ok (@text "mkdir-all"))
    (call $rename (@text "home://a") (@text "home://d/a") (i32.const 0))
    (call $ok (@text "rename into what is there now"))
    (call $rmtree (@text "home://d") (i32.const 0))
    (call $ok (@text "remove-dir-all"))
    (call $equal (i64.load (i32.const 8)) (i64.const 3) (@text "what was removed"))))
