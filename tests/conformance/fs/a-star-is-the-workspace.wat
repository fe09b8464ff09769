;;! interface = "fs"
;;! covers = []
;;! capabilities = { fs_read = ["*"], fs_write = ["*"] }
;;! workspace = { "d/a" = "x" }
;;! files = { "home/default/a" = "x", "home/other/a" = "x", "home/default/.local/tmp/a" = "x", "home/other/.local/tmp/a" = "x" }
;; An entry `*` grants all of the workspace, and neither the home nor the scratch directory.
(module
  (import "astrid:fs/host@1.0.0" "fs-readdir" (func $readdir (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "read-file" (func $read (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "write-file" (func $write (param i32 i32 i32 i32 i32)))
  (func $has (param $path i32) (param $bytes i32) (param $wanted i32) (param $wanted-bytes i32)
    (call $read (local.get $path) (local.get $bytes) (i32.const 0))
    (call $ok (local.get $path) (local.get $bytes))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8))
      (local.get $wanted) (local.get $wanted-bytes) (local.get $path) (local.get $bytes)))
  (func $denied (param $path i32) (param $bytes i32)
    (call $read (local.get $path) (local.get $bytes) (i32.const 0))
    (call $error (@error "capability-denied") (local.get $path) (local.get $bytes)))
  (func $case
    (call $has (@text "d/a") (@text "x"))
    (call $readdir (@text "") (i32.const 0))
    (call $ok (@text "the root"))
    (call $denied (@text "home://a"))
    (call $denied (@text "/tmp/a"))
    (call $denied (@text "tmp://a"))
    (call $denied (@text "home://.local/tmp/a"))
    (call $write (@text "home://b") (@text "x") (i32.const 0))
    (call $error (@error "capability-denied") (@text "writing to the home"))))
