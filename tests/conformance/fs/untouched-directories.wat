;;! interface = "fs"
;;! covers = []
;;! capabilities = { fs_read = ["*"], fs_write = ["*"] }
;;! workspace = { "src/a" = "a", "src/deep/b" = "b", "src/deep/l" = { link = "../../keep" }, keep = "k" }
;;! changes = ["modified src/a", "removed src/deep/"]
;;! fresh-only = "what is removed stays removed"
;;! default-only = "both work in one workspace"
;; What the user has in the workspace can be listed and removed; it stays on the disk.
(module
  (import "astrid:fs/host@1.0.0" "fs-readdir" (func $readdir (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-remove-dir-all" (func $rmtree (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-unlink" (func $unlink (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "read-file" (func $read (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "write-file" (func $write (param i32 i32 i32 i32 i32)))
  (func $case
    (call $readdir (@text "src") (i32.const 0))
    (call $ok (@text "readdir"))
    (call $number (i32.load (i32.const 8)) (i32.const 2) (@text "two entries"))
    (call $rmtree (@text "src/deep") (i32.const 0))
    (call $ok (@text "three are removed, and no link is followed"))
    (call $equal (i64.load (i32.const 8)) (i64.const 3) (@text "three are removed, and no link is followed"))
    (call $readdir (@text "src") (i32.const 0))
    (call $ok (@text "readdir"))
    (call $number (i32.load (i32.const 8)) (i32.const 1) (@text "one entry"))
    (call $unlink (@text "src/a") (i32.const 0))
    (call $ok (@text "unlink"))
    (call $read (@text "src/a") (i32.const 0))
    (call $error (@error "not-found") (@text "it is gone"))
    (call $read (@text "keep") (i32.const 0))
    (call $ok (@text "what a link led to"))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "k")
      (@text "what a link led to"))
    (call $write (@text "src/a") (@text "again") (i32.const 0))
    (call $ok (@text "write"))
    (call $read (@text "src/a") (i32.const 0))
    (call $ok (@text "it is new"))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "again")
      (@text "it is new"))))
