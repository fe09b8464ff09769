;;! interface = "fs"
;;! covers = ["write-file", "read-file"]
;;! capabilities = { fs_read = ["home://"], fs_write = ["home://"] }
;;! phase = "install"
;;! default-only = "capsules are installed for the owner"
;; A lifecycle hook has the owner's scratch directory, and its own directory needs a permission too.
(module
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "write-file" (func $write (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "read-file" (func $read (param i32 i32 i32)))
  (func $case
    (call $write (@text "/tmp/made") (@text "x") (i32.const 0))
    (call $ok (@text "write"))
    (call $read (@text "home://.local/tmp/made") (i32.const 0))
    (call $ok (@text "read"))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "x") (@text "what was written"))
    (call $write (@text "made") (@text "x") (i32.const 0))
    (call $error (@error "capability-denied") (@text "what is not granted"))))
