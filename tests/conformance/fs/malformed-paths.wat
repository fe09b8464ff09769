;;! interface = "fs"
;;! covers = ["invalid-path"]
;;! capabilities = { fs_read = ["*"], fs_write = ["*"] }
;; Control characters and endless paths are refused.
(module
  (import "astrid:fs/host@1.0.0" "read-file" (func $read (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-exists" (func $exists (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-stat" (func $stat (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-mkdir" (func $mkdir (param i32 i32 i32)))
  (func $case
    (call $read (@text "a\00b") (i32.const 0))
    (call $error (@error "invalid-path") (@text "NUL"))
    (call $exists (@text "a\0ab") (i32.const 0))
    (call $error (@error "invalid-path") (@text "a line break"))
    (call $exists (@text "home://\7f") (i32.const 0))
    (call $error (@error "invalid-path") (@text "delete"))
    (call $exists (@text "a\c2\85b") (i32.const 0))
    (call $error (@error "invalid-path") (@text "a next line"))
    (call $exists (call $room (i32.const 4096) (i32.const 47)) (i32.const 4096) (i32.const 0))
    (call $ok (@text "4096 bytes"))
    (call $exists (call $room (i32.const 4097) (i32.const 97)) (i32.const 4097) (i32.const 0))
    (call $error (@error "invalid-path") (@text "4097 bytes"))
    (call $stat (@text "file:") (i32.const 0))
    (call $error-8 (@error "not-found") (@text "an unknown scheme is a name"))
    (call $mkdir (call $room (i32.const 300) (i32.const 97)) (i32.const 300) (i32.const 0))
    (call $error (@error "invalid-path") (@text "a name of 300 bytes"))))
