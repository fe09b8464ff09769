;;! interface = "fs"
;;! covers = ["quota"]
;;! capabilities = { fs_read = ["*"], fs_write = ["*"] }
;;! changes = []
;; One instance has at most 16 open files; closing one makes room.
(module
  (import "astrid:fs/host@1.0.0" "fs-open" (func $open (param i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-exists" (func $exists (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "[resource-drop]file-handle" (func $close (param i32)))
  (import "astrid:fs/host@1.0.0" "fs-unlink" (func $unlink (param i32 i32 i32)))
  (func $case
    (local $n i32)
    (loop $again
      (call $open (@text "f") (i32.const 1) (i32.const 0))
      (call $ok (@text "one of sixteen"))
      (i32.store (i32.add (i32.const 1024) (i32.mul (local.get $n) (i32.const 4))) (i32.load (i32.const 4)))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $n) (i32.const 16))))
    (call $open (@text "g") (i32.const 1) (i32.const 0))
    (call $error (@error "quota") (@text "one more"))
    (call $exists (@text "g") (i32.const 0))
    (call $ok (@text "and it is not made"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "and it is not made"))
    (call $close (i32.load (i32.const 1024)))
    (call $open (@text "f") (i32.const 0) (i32.const 0))
    (call $ok (@text "after one was closed"))
    (i32.store (i32.const 1024) (i32.load (i32.const 4)))
    (local.set $n (i32.const 0))
    (loop $again
      (call $close (i32.load (i32.add (i32.const 1024) (i32.mul (local.get $n) (i32.const 4)))))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $n) (i32.const 16))))
    (call $unlink (@text "f") (i32.const 0))
    (call $ok (@text "unlink"))))
