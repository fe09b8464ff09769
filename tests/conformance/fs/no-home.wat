;;! interface = "fs"
;;! covers = []
;;! capabilities = { fs_read = ["*", "home://"], fs_write = ["*", "home://", "/tmp"] }
;;! homeless = ["default", "other"]
;; A principal without a home has neither home nor scratch directory, not even the owner's.
(module
  (import "astrid:fs/host@1.0.0" "read-file" (func $read (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "write-file" (func $write (param i32 i32 i32 i32 i32)))
  (func $case
    (call $read (@text "home://a") (i32.const 0))
    (call $error (@error "capability-denied") (@text "read"))
    (call $write (@text "home://a") (@text "x") (i32.const 0))
    (call $error (@error "capability-denied") (@text "write"))
    (call $write (@text "/tmp/a") (@text "x") (i32.const 0))
    (call $error (@error "capability-denied") (@text "tmp"))
    (call $write (@text "a") (@text "x") (i32.const 0))
    (call $ok (@text "the workspace is there"))))
