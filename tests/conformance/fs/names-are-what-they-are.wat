;;! interface = "fs"
;;! covers = ["fs-readdir"]
;;! capabilities = { fs_read = ["*"], fs_write = ["*"] }
;;! workspace = { odd = { named = [97, 255, 98] } }
;;! fresh-only = "what is removed stays removed"
;;! default-only = "both work in one workspace"
;; A name is neither normalised nor expanded; one that is no UTF-8 is listed as best it can be shown.
(module
  (import "astrid:fs/host@1.0.0" "fs-readdir" (func $readdir (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "read-file" (func $read (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "write-file" (func $write (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-remove-dir-all" (func $rmtree (param i32 i32 i32)))
  (func $has (param $path i32) (param $bytes i32) (param $wanted i32) (param $wanted-bytes i32)
    (call $read (local.get $path) (local.get $bytes) (i32.const 0))
    (call $ok (local.get $path) (local.get $bytes))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8))
      (local.get $wanted) (local.get $wanted-bytes) (local.get $path) (local.get $bytes)))
  (func $case
    (call $readdir (@text "odd") (i32.const 0))
    (call $ok (@text "readdir"))
    (call $number (i32.load (i32.const 8)) (i32.const 1) (@text "one name"))
    (call $text (i32.load (i32.load (i32.const 4))) (i32.load offset=4 (i32.load (i32.const 4)))
      (@text "a\ef\bf\bdb") (@text "as best it can be shown"))
    (call $rmtree (@text "odd") (i32.const 0))
    (call $ok (@text "remove-dir-all"))
    (call $equal (i64.load (i32.const 8)) (i64.const 2) (@text "what is removed"))
    (call $write (@text "e\cc\81") (@text "1") (i32.const 0))
    (call $ok (@text "a name in two parts"))
    (call $write (@text "\c3\a9") (@text "2") (i32.const 0))
    (call $ok (@text "a name that looks the same"))
    (call $has (@text "e\cc\81") (@text "1"))
    (call $has (@text "\c3\a9") (@text "2"))
    (call $write (@text "$HOME/~/%2e%2e/a*?") (@text "3") (i32.const 0))
    (call $ok (@text "a name of signs"))
    (call $has (@text "$HOME/~/%2e%2e/a*?") (@text "3"))))
