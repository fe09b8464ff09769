;;! interface = "fs"
;;! covers = ["fs-readdir", "write-file", "fs-unlink", "fs-stat", "fs-rename", "fs-mkdir"]
;;! capabilities = { fs_read = ["*"], fs_write = ["*"] }
;;! workspace = { "src/a" = "old", "src/b" = "b", "src/sub/c" = "c", "gone/d" = "d" }
;;! changes = ["removed gone/d", "added moved/", "added moved/c", "modified src/a", "modified src/b/", "added src/new", "removed src/sub/"]
;;! fresh-only = "what is changed stays so"
;;! default-only = "both work in one workspace"
;; What was in the workspace and what was changed are one to a guest: each name is there once, as it is
;; now, and a name that is gone can be used for something else.
(module
  (import "astrid:fs/host@1.0.0" "fs-readdir" (func $readdir (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "write-file" (func $write (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "read-file" (func $read (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-unlink" (func $unlink (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-stat" (func $stat (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-exists" (func $exists (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-rename" (func $rename (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-mkdir" (func $mkdir (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-remove-dir-all" (func $rmtree (param i32 i32 i32)))
  (func $names (param $path i32) (param $bytes i32) (param $count i32)
    (call $readdir (local.get $path) (local.get $bytes) (i32.const 0))
    (call $ok (local.get $path) (local.get $bytes))
    (call $number (i32.load (i32.const 8)) (local.get $count) (local.get $path) (local.get $bytes)))
  (func $is-there (param $path i32) (param $bytes i32) (param $wanted i32)
    (call $exists (local.get $path) (local.get $bytes) (i32.const 0))
    (call $number (i32.load8_u (i32.const 4)) (local.get $wanted)
      (local.get $path) (local.get $bytes)))
  (func $case
    (call $names (@text "src") (i32.const 3))
    (call $write (@text "src/new") (@text "n") (i32.const 0))
    (call $ok (@text "a new file"))
    (call $write (@text "src/a") (@text "newer") (i32.const 0))
    (call $ok (@text "a file in place of another"))
    (call $names (@text "src") (i32.const 4))
    (call $stat (@text "src/a") (i32.const 0))
    (call $equal (i64.load (i32.const 8)) (i64.const 5) (@text "its size"))
    (call $unlink (@text "src/b") (i32.const 0))
    (call $ok (@text "unlink"))
    (call $names (@text "src") (i32.const 3))
    (call $is-there (@text "src/b") (i32.const 0))
    (call $mkdir (@text "src/b") (i32.const 0))
    (call $ok (@text "a directory in place of a file"))
    (call $names (@text "src/b") (i32.const 0))
    (call $rename (@text "src/sub") (@text "moved") (i32.const 0))
    (call $ok (@text "a directory moves"))
    (call $is-there (@text "src/sub/c") (i32.const 0))
    (call $read (@text "moved/c") (i32.const 0))
    (call $ok (@text "what is in it"))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "c") (@text "what is in it"))
    (call $names (@text "src") (i32.const 3))
    (call $rmtree (@text "gone") (i32.const 0))
    (call $ok (@text "remove-dir-all"))
    (call $mkdir (@text "gone") (i32.const 0))
    (call $ok (@text "the same name again"))
    (call $names (@text "gone") (i32.const 0))
    (call $names (@text "") (i32.const 3))))
