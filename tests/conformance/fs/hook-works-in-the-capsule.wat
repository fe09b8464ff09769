;;! interface = "fs"
;;! covers = []
;;! capabilities = { fs_read = ["*"], fs_write = ["*", "home://made"] }
;;! phase = "install"
;;! default-only = "capsules are installed for the owner"
;; A lifecycle hook is gated as well, and works on its own directory and the owner's home.
(module
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "write-file" (func $write (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "read-file" (func $read (param i32 i32 i32)))
  (func $case
    (call $write (@text "made") (@text "x") (i32.const 0))
    (call $ok (@text "write"))
    (call $read (@text "cwd://made") (i32.const 0))
    (call $ok (@text "read"))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "x")
      (@text "read"))
    (call $read (@text "home://a") (i32.const 0))
    (call $error (@error "capability-denied") (@text "what is not granted"))
    (call $write (@text "home://made") (@text "x") (i32.const 0))
    (call $ok (@text "write to the home"))
    (call $write (@text "/tmp/made") (@text "x") (i32.const 0))
    (call $error (@error "capability-denied") (@text "nor is tmp"))))
