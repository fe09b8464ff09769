;;! interface = "fs"
;;! covers = []
;;! capabilities = { fs_write = ["cwd://b"] }
;;! workspace = { a = "x" }
;;! changes = ["added b"]
;; `fs_write` does not allow reading, not even asking whether something is there.
(module
  (import "astrid:fs/host@1.0.0" "read-file" (func $read (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-exists" (func $exists (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-copy" (func $copy (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "write-file" (func $write (param i32 i32 i32 i32 i32)))
  (func $case
    (call $read (@text "a") (i32.const 0))
    (call $error (@error "capability-denied") (@text "read"))
    (call $exists (@text "a") (i32.const 0))
    (call $error (@error "capability-denied") (@text "exists"))
    (call $copy (@text "a") (@text "b") (i32.const 0))
    (call $error (@error "capability-denied") (@text "copy"))
    (call $write (@text "b") (@text "y") (i32.const 0))
    (call $ok (@text "write"))))
