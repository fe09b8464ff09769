;;! interface = "fs"
;;! covers = ["too-large"]
;;! capabilities = { fs_read = ["*"], fs_write = ["*"] }
;;! workspace = { most = { zeroes = 10485760 }, more = { zeroes = 10485761 } }
;;! fresh-only = "an instance has no room for it twice"
;; Whole files hold at most 10 MiB; supplied content is measured before anything else.
(module
  (import "astrid:fs/host@1.0.0" "read-file" (func $read (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "write-file" (func $write (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-append" (func $append (param i32 i32 i32 i32 i32)))
  (func $case
    (call $read (@text "most") (i32.const 0))
    (call $ok (@text "10 MiB"))
    (call $number (i32.load (i32.const 8)) (i32.const 10485760) (@text "all of it"))
    (call $read (@text "more") (i32.const 0))
    (call $error (@error "too-large") (@text "10 MiB and a byte"))
    (call $write (@text "home://../x") (call $room (i32.const 10485761) (i32.const 1)) (i32.const 10485761) (i32.const 0))
    (call $error (@error "too-large") (@text "write of a byte too much"))
    (call $append (@text "\00") (call $room (i32.const 10485761) (i32.const 1)) (i32.const 10485761) (i32.const 0))
    (call $error (@error "too-large") (@text "append of a byte too much"))
    (call $write (@text "most") (call $room (i32.const 10485760) (i32.const 1)) (i32.const 10485760) (i32.const 0))
    (call $ok (@text "write of 10 MiB"))))
