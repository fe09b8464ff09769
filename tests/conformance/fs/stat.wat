;;! interface = "fs"
;;! covers = ["fs-stat"]
;;! capabilities = { fs_read = ["*"], fs_write = ["*"] }
;;! workspace = { file = "12345", pipe = { pipe = true } }
;; Size, kind, mode and time are those of the file.
(module
  (import "astrid:fs/host@1.0.0" "fs-stat" (func $stat (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "read-file" (func $read (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "write-file" (func $write (param i32 i32 i32 i32 i32)))
  (func $case
    (call $stat (@text "file") (i32.const 0))
    (call $ok (@text "size"))
    (call $equal (i64.load (i32.const 8)) (i64.const 5) (@text "size"))
    (call $stat (@text "file") (i32.const 0))
    (call $ok (@text "kind"))
    (call $number (i32.load (i32.const 16)) (i32.const 1) (@text "kind"))
    (call $number (i32.and (i32.load (i32.const 20)) (i32.const 0xf000)) (i32.const 0x8000) (@text "mode"))
    (call $number (i32.load8_u (i32.const 24)) (i32.const 1) (@text "a time of change"))
    (call $check (i64.gt_s (i64.load (i32.const 32)) (i64.const 1577836800)) (@text "in this century"))
    (call $stat (@text "pipe") (i32.const 0))
    (call $ok (@text "a pipe"))
    (call $number (i32.load (i32.const 16)) (i32.const 6) (@text "a pipe"))
    (call $read (@text "pipe") (i32.const 0))
    (call $error (@error "access") (@text "reading a pipe"))
    (call $write (@text "pipe") (@text "x") (i32.const 0))
    (call $error (@error "access") (@text "writing to one"))
    (call $stat (@text "file/below") (i32.const 0))
    (call $error-8 (@error "not-directory") (@text "below a file"))
    (call $stat (@text "nowhere") (i32.const 0))
    (call $error-8 (@error "not-found") (@text "nothing"))))
