;;! interface = "fs"
;;! covers = ["capability-denied"]
;;! workspace = { a = "x", "d/e" = "" }
;;! changes = []
;; Without an entry of `fs_read` and `fs_write` nothing can be read, written, or learned.
(module
  (import "astrid:fs/host@1.0.0" "read-file" (func $read (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-exists" (func $exists (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "write-file" (func $write (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-remove-dir-all" (func $rmtree (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-stat" (func $stat (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-mkdir" (func $mkdir (param i32 i32 i32)))
  (func $case
    (call $read (@text "a") (i32.const 0))
    (call $error (@error "capability-denied") (@text "read"))
    (call $read (@text "missing") (i32.const 0))
    (call $error (@error "capability-denied") (@text "read of nothing"))
    (call $read (@text "a/below") (i32.const 0))
    (call $error (@error "capability-denied") (@text "read below a file"))
    (call $exists (@text "a") (i32.const 0))
    (call $error (@error "capability-denied") (@text "exists"))
    (call $write (@text "a") (@text "x") (i32.const 0))
    (call $error (@error "capability-denied") (@text "write"))
    (call $rmtree (@text "d") (i32.const 0))
    (call $error-8 (@error "capability-denied") (@text "remove"))
    (call $stat (@text "home://") (i32.const 0))
    (call $error-8 (@error "capability-denied") (@text "home"))
    (call $mkdir (@text "/tmp/x") (i32.const 0))
    (call $error (@error "capability-denied") (@text "tmp"))))
