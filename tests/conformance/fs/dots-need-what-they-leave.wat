;;! interface = "fs"
;;! covers = ["not-found", "not-directory"]
;;! capabilities = { fs_read = ["*"], fs_write = ["*"] }
;;! workspace = { "d/e/a" = "a", file = "", to = { link = "d/e" } }
;; `..` leaves a directory that has to be there, and after a link it leaves what that leads to.
(module
  (import "astrid:fs/host@1.0.0" "read-file" (func $read (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "write-file" (func $write (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-canonicalize" (func $canon (param i32 i32 i32)))
  (func $case
    (call $read (@text "d/../d/./e/../e/a") (i32.const 0))
    (call $ok (@text "through what is there"))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "a") (@text "the file"))
    (call $read (@text "missing/../d/e/a") (i32.const 0))
    (call $error (@error "not-found") (@text "through what is not there"))
    (call $write (@text "missing/../made") (@text "x") (i32.const 0))
    (call $error (@error "not-found") (@text "writing through what is not there"))
    (call $read (@text "file/../d/e/a") (i32.const 0))
    (call $error (@error "not-directory") (@text "through a file"))
    (call $canon (@text "to/..") (i32.const 0))
    (call $ok (@text "out of a link"))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "workspace://d")
      (@text "out of a link"))))
