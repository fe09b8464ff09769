;;! interface = "fs"
;;! covers = ["boundary-escape"]
;;! capabilities = { fs_read = ["*"], fs_write = ["*"] }
;;! workspace = { "d/a" = "", out = { link = "%outside" }, dangling = { link = "%outside/made" } }
;;! changes = []
;; Neither `..` nor a link leads out of the workspace.
(module
  (import "astrid:fs/host@1.0.0" "read-file" (func $read (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "write-file" (func $write (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-exists" (func $exists (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-canonicalize" (func $canon (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-read-link" (func $readlink (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-stat-symlink" (func $lstat (param i32 i32 i32)))
  (func $case
    (call $read (@text "../workspace-outside/secret") (i32.const 0))
    (call $error (@error "boundary-escape") (@text "dots"))
    (call $read (@text "d/../../workspace-outside/secret") (i32.const 0))
    (call $error (@error "boundary-escape") (@text "dots after a name"))
    (call $read (@text "out/secret") (i32.const 0))
    (call $error (@error "boundary-escape") (@text "a link"))
    (call $write (@text "out/made") (@text "x") (i32.const 0))
    (call $error (@error "boundary-escape") (@text "writing through a link"))
    (call $write (@text "dangling") (@text "x") (i32.const 0))
    (call $error (@error "boundary-escape") (@text "writing to where a link leads"))
    (call $exists (@text "out") (i32.const 0))
    (call $error (@error "boundary-escape") (@text "asking about it"))
    (call $canon (@text "out") (i32.const 0))
    (call $error (@error "boundary-escape") (@text "canonicalize"))
    (call $readlink (@text "out") (i32.const 0))
    (call $error (@error "boundary-escape") (@text "read-link"))
    (call $exists (@text "/etc/passwd") (i32.const 0))
    (call $ok (@text "a path that looks absolute"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "a path that looks absolute"))
    (call $lstat (@text "out") (i32.const 0))
    (call $ok (@text "the link itself"))
    (call $number (i32.load (i32.const 16)) (i32.const 3) (@text "the link itself"))))
