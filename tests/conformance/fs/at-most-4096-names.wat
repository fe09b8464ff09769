;;! interface = "fs"
;;! covers = []
;;! capabilities = { fs_read = ["*"], fs_write = ["*"] }
;;! workspace = { full = { files = 4096 }, fuller = { files = 4097 } }
;; A directory of more than 4096 names cannot be listed.
(module
  (import "astrid:fs/host@1.0.0" "fs-readdir" (func $readdir (param i32 i32 i32)))
  (func $case
    (call $readdir (@text "full") (i32.const 0))
    (call $ok (@text "4096 names"))
    (call $number (i32.load (i32.const 8)) (i32.const 4096) (@text "all of them"))
    (call $readdir (@text "fuller") (i32.const 0))
    (call $error (@error "too-large") (@text "4097 names"))))
