;;! interface = "fs"
;;! covers = []
;;! capabilities = { fs_read = ["*"] }
;;! workspace = { a = "x" }
;;! changes = []
;; `fs_read` does not allow writing.
(module
  (import "astrid:fs/host@1.0.0" "read-file" (func $read (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "write-file" (func $write (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-open" (func $open (param i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-copy" (func $copy (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-rename" (func $rename (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-hard-link" (func $link (param i32 i32 i32 i32 i32)))
  (func $case
    (call $read (@text "a") (i32.const 0))
    (call $ok (@text "read"))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "x")
      (@text "read"))
    (call $write (@text "a") (@text "y") (i32.const 0))
    (call $error (@error "capability-denied") (@text "write"))
    (call $open (@text "a") (i32.const 3) (i32.const 0))
    (call $error (@error "capability-denied") (@text "open for both"))
    (call $copy (@text "a") (@text "b") (i32.const 0))
    (call $error (@error "capability-denied") (@text "copy"))
    (call $rename (@text "a") (@text "b") (i32.const 0))
    (call $error (@error "capability-denied") (@text "rename"))
    (call $link (@text "a") (@text "b") (i32.const 0))
    (call $error (@error "capability-denied") (@text "link"))))
