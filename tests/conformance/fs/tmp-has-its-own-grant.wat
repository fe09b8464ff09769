;;! interface = "fs"
;;! covers = []
;;! capabilities = { fs_read = ["/tmp"], fs_write = ["tmp://"] }
;; An entry `/tmp` grants the scratch directory and nothing else of the home.
(module
  (import "astrid:fs/host@1.0.0" "write-file" (func $write (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "read-file" (func $read (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-unlink" (func $unlink (param i32 i32 i32)))
  (func $case
    (call $write (@text "/tmp/a") (@text "x") (i32.const 0))
    (call $ok (@text "write"))
    (call $read (@text "tmp://a") (i32.const 0))
    (call $ok (@text "read"))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "x")
      (@text "read"))
    (call $unlink (@text "/tmp/a") (i32.const 0))
    (call $ok (@text "unlink"))
    (call $read (@text "home://a") (i32.const 0))
    (call $error (@error "capability-denied") (@text "the home"))
    (call $read (@text "tmp/a") (i32.const 0))
    (call $error (@error "capability-denied") (@text "the workspace"))
    (call $read (@text "/tmpfoo") (i32.const 0))
    (call $error (@error "capability-denied") (@text "what only begins so"))))
