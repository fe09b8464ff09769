;;! interface = "fs"
;;! covers = []
;;! capabilities = { fs_read = ["*", "home://"], fs_write = ["home://"] }
;;! workspace = { a = "workspace", "tmp/a" = "below tmp", "tmpfoo" = "beside tmp", "d/b" = "deep", "etc/passwd" = "ours", to = { link = "d" } }
;;! files = { "home/default/a" = "home", "home/other/a" = "home", "home/default/.local/tmp/a" = "scratch", "home/other/.local/tmp/a" = "scratch" }
;; Every spelling of a place means that place; what only looks like one is a name in the workspace.
(module
  (import "astrid:fs/host@1.0.0" "read-file" (func $read-file (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-canonicalize" (func $canon (param i32 i32 i32)))
  ;; The file of this path says this.
  (func $read (param $path i32) (param $bytes i32) (param $wanted i32) (param $wanted-bytes i32)
    (call $read-file (local.get $path) (local.get $bytes) (i32.const 0))
    (call $ok (local.get $path) (local.get $bytes))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8))
      (local.get $wanted) (local.get $wanted-bytes) (local.get $path) (local.get $bytes)))
  ;; The canonical spelling of the first is the second.
  (func $spelled (param $path i32) (param $bytes i32) (param $wanted i32) (param $wanted-bytes i32)
    (call $canon (local.get $path) (local.get $bytes) (i32.const 0))
    (call $ok (local.get $path) (local.get $bytes))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8))
      (local.get $wanted) (local.get $wanted-bytes) (local.get $path) (local.get $bytes)))
  (func $case
    (call $read (@text "a") (@text "workspace"))
    (call $read (@text "./a") (@text "workspace"))
    (call $read (@text "/a") (@text "workspace"))
    (call $read (@text "//a") (@text "workspace"))
    (call $read (@text "d/../a") (@text "workspace"))
    (call $read (@text "cwd://a") (@text "workspace"))
    (call $read (@text "cwd:///a") (@text "workspace"))
    (call $read (@text "workspace://a") (@text "workspace"))
    (call $read (@text "/etc/passwd") (@text "ours"))
    (call $read (@text "to/b") (@text "deep"))
    (call $read (@text "tmp/a") (@text "below tmp"))
    (call $read (@text "/tmpfoo") (@text "beside tmp"))
    (call $read (@text "cwd://tmp/a") (@text "below tmp"))
    (call $read (@text "home://a") (@text "home"))
    (call $read (@text "home:///a") (@text "home"))
    (call $read (@text "/tmp/a") (@text "scratch"))
    (call $read (@text "/tmp//a") (@text "scratch"))
    (call $read (@text "tmp://a") (@text "scratch"))
    (call $spelled (@text "") (@text "workspace://"))
    (call $spelled (@text ".") (@text "workspace://"))
    (call $spelled (@text "/") (@text "workspace://"))
    (call $spelled (@text "cwd://") (@text "workspace://"))
    (call $spelled (@text "home://") (@text "home://"))
    (call $spelled (@text "/tmp") (@text "tmp://"))
    (call $spelled (@text "/tmp/") (@text "tmp://"))))
