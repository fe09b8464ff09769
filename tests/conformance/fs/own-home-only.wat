;;! interface = "fs"
;;! covers = []
;;! capabilities = { fs_read = ["home://"], fs_write = ["home://"] }
;;! fresh-only = "the files are found again"
;; Home and scratch directory are those of whoever is acted for, and nobody finds anything of another.
(module
  (import "astrid:fs/host@1.0.0" "fs-exists" (func $exists (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "write-file" (func $write (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "read-file" (func $read (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-canonicalize" (func $canon (param i32 i32 i32)))
  (func $case
    (call $exists (@text "home://mine") (i32.const 0))
    (call $ok (@text "nothing of another in the home"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "nothing of another in the home"))
    (call $exists (@text "/tmp/mine") (i32.const 0))
    (call $ok (@text "nor in the scratch directory"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "nor in the scratch directory"))
    (call $write (@text "home://mine") (global.get $who) (global.get $who-bytes) (i32.const 0))
    (call $ok (@text "write"))
    (call $write (@text "tmp://mine") (global.get $who) (global.get $who-bytes) (i32.const 0))
    (call $ok (@text "write to tmp"))
    (call $read (@text "home://.local/tmp/mine") (i32.const 0))
    (call $ok (@text "the scratch directory is in the home"))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (global.get $who) (global.get $who-bytes)
      (@text "own words"))
    (call $write (@text "home://a/b") (@text "x") (i32.const 0))
    (call $error (@error "not-found") (@text "a home gets no missing directories"))
    (call $read (@text "home://../other/mine") (i32.const 0))
    (call $error (@error "boundary-escape") (@text "around"))
    (call $canon (@text "/tmp/./mine") (i32.const 0))
    (call $ok (@text "its name"))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "tmp://mine")
      (@text "its name"))))
