;;! interface = "fs"
;;! covers = ["fs-open", "file-handle.read-at", "file-handle.write-at", "file-handle.set-len"]
;;! capabilities = { fs_read = ["*"], fs_write = ["*"] }
;;! workspace = { big = { zeroes = 1048577 }, log = "one", kept = "kept", cut = "cut" }
;;! fresh-only = "the log grows"
;;! default-only = "both work in one workspace"
;; Opening for writing empties a file and opening for both does not; a handle for appending writes at
;; the end wherever it is told to; a read of more than 1 MiB is a shorter one; what a file grows by is
;; zeroes.
(module
  (import "astrid:fs/host@1.0.0" "fs-open" (func $fs-open (param i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "read-file" (func $read-file (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "[method]file-handle.read-at"
    (func $read-at (param i32 i64 i32 i32)))
  (import "astrid:fs/host@1.0.0" "[method]file-handle.write-at"
    (func $write-at (param i32 i64 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "[method]file-handle.set-len" (func $set-len (param i32 i64 i32)))
  (func $open (param $path i32) (param $bytes i32) (param $mode i32) (result i32)
    (call $fs-open (local.get $path) (local.get $bytes) (local.get $mode) (i32.const 0))
    (call $ok (local.get $path) (local.get $bytes))
    (i32.load (i32.const 4)))
  (func $has (param $path i32) (param $bytes i32) (param $wanted i32) (param $wanted-bytes i32)
    (call $read-file (local.get $path) (local.get $bytes) (i32.const 0))
    (call $ok (local.get $path) (local.get $bytes))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8))
      (local.get $wanted) (local.get $wanted-bytes) (local.get $path) (local.get $bytes)))
  (func $case
    (local $file i32)
    (local.set $file (call $open (@text "big") (i32.const 0)))
    (call $read-at (local.get $file) (i64.const 0) (i32.const -1) (i32.const 0))
    (call $ok (@text "a read of everything"))
    (call $number (i32.load (i32.const 8)) (i32.const 1048576) (@text "bytes of one read"))
    (call $read-at (local.get $file) (i64.const 1048576) (i32.const 10) (i32.const 0))
    (call $ok (@text "a read of the rest"))
    (call $number (i32.load (i32.const 8)) (i32.const 1) (@text "bytes of the rest"))
    (local.set $file (call $open (@text "log") (i32.const 2)))
    (call $write-at (local.get $file) (i64.const 0) (@text ", two") (i32.const 0))
    (call $ok (@text "write-at of a handle for appending"))
    (call $has (@text "log") (@text "one, two"))
    (local.set $file (call $open (@text "kept") (i32.const 3)))
    (call $has (@text "kept") (@text "kept"))
    (call $write-at (local.get $file) (i64.const 1) (@text "i") (i32.const 0))
    (call $ok (@text "write-at of a handle for both"))
    (call $read-at (local.get $file) (i64.const 0) (i32.const 10) (i32.const 0))
    (call $ok (@text "read-at of a handle for both"))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "kipt") (@text "what is read"))
    (local.set $file (call $open (@text "cut") (i32.const 1)))
    (call $has (@text "cut") (@text ""))
    (call $set-len (local.get $file) (i64.const 2) (i32.const 0))
    (call $ok (@text "set-len"))
    (call $has (@text "cut") (@text "\00\00"))))
