;;! interface = "fs"
;;! covers = ["fs-read-link", "boundary-escape"]
;;! capabilities = { fs_read = ["*"] }
;;! workspace = { "d/file" = "x", top = "t", "d/up" = { link = "../top" }, file = { link = "%workspace/d/file" }, dir = { link = "%workspace/d" }, one = { link = "d/two" }, "d/two" = { link = "../three" }, three = { link = "%workspace/dir" }, beside = { link = "%outside" }, machine = { link = "/etc/passwd" } }
;; A link to a path of the machine is followed where that is in the workspace, component by component;
;; a relative one begins where the link is. One link may lead to the next.
(module
  (import "astrid:fs/host@1.0.0" "fs-exists" (func $exists (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "read-file" (func $read (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-canonicalize" (func $canon (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-read-link" (func $readlink (param i32 i32 i32)))
  (func $has (param $path i32) (param $bytes i32) (param $wanted i32) (param $wanted-bytes i32)
    (call $read (local.get $path) (local.get $bytes) (i32.const 0))
    (call $ok (local.get $path) (local.get $bytes))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8))
      (local.get $wanted) (local.get $wanted-bytes) (local.get $path) (local.get $bytes)))
  ;; The result at address 0 is this text.
  (func $spelled (param $wanted i32) (param $wanted-bytes i32) (param $text i32) (param $bytes i32)
    (call $ok (local.get $text) (local.get $bytes))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8))
      (local.get $wanted) (local.get $wanted-bytes) (local.get $text) (local.get $bytes)))
  (func $case
    (call $has (@text "file") (@text "x"))
    (call $has (@text "dir/file") (@text "x"))
    (call $has (@text "one/file") (@text "x"))
    (call $canon (@text "dir/file") (i32.const 0))
    (call $spelled (@text "workspace://d/file") (@text "canonicalize"))
    (call $readlink (@text "file") (i32.const 0))
    (call $spelled (@text "workspace://d/file") (@text "read-link"))
    (call $readlink (@text "d/up") (i32.const 0))
    (call $spelled (@text "workspace://top") (@text "read-link of one that leads up"))
    (call $has (@text "d/up") (@text "t"))
    (call $read (@text "beside/secret") (i32.const 0))
    (call $error (@error "boundary-escape") (@text "what begins with the same letters"))
    (call $readlink (@text "beside") (i32.const 0))
    (call $error (@error "boundary-escape") (@text "where it leads"))
    (call $readlink (@text "machine") (i32.const 0))
    (call $error (@error "boundary-escape") (@text "a link to a file of the machine"))
    (call $exists (@text "machine") (i32.const 0))
    (call $error (@error "boundary-escape") (@text "whether that is there"))))
