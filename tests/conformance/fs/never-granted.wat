;;! interface = "fs"
;;! covers = ["access"]
;;! capabilities = { fs_read = ["home://", "/"], fs_write = ["home://", "/"] }
;;! files = { "home/default/.local/capsules/x/Capsule.toml" = "x", "home/default/.config/env/conformance.env.json" = "{}", "home/default/.local/log/conformance/x" = "x", "home/default/.config/mine" = "y", "home/other/.config/mine" = "y" }
;; What the machine keeps in a home is opened by no grant: nothing is seen, written, moved or removed
;; there, whether it is there or not. What lies beside it is open.
(module
  (import "astrid:fs/host@1.0.0" "read-file" (func $read (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-exists" (func $exists (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "write-file" (func $write (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-rename" (func $rename (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-remove-dir-all" (func $rmtree (param i32 i32 i32)))
  (func $closed (param $path i32) (param $bytes i32)
    (call $exists (local.get $path) (local.get $bytes) (i32.const 0))
    (call $ok (local.get $path) (local.get $bytes))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (local.get $path) (local.get $bytes))
    (call $read (local.get $path) (local.get $bytes) (i32.const 0))
    (call $error (@error "access") (local.get $path) (local.get $bytes))
    (call $write (local.get $path) (local.get $bytes) (@text "x") (i32.const 0))
    (call $error (@error "access") (local.get $path) (local.get $bytes)))
  (func $case
    (call $closed (@text "home://.local/capsules"))
    (call $closed (@text "home://.local/capsules/x/Capsule.toml"))
    (call $closed (@text "home://.local/capsules/new"))
    (call $closed (@text "home://.config/env/conformance.env.json"))
    (call $closed (@text "home://.local/log/conformance/x"))
    (call $closed (@text "home://.local/tmp/../log/conformance/x"))
    (call $rename (@text "home://.config/env") (@text "home://env") (i32.const 0))
    (call $error (@error "access") (@text "moving it away"))
    (call $rmtree (@text "home://.local/capsules") (i32.const 0))
    (call $error-8 (@error "access") (@text "removing it"))
    (call $read (@text "home://.config/mine") (i32.const 0))
    (call $ok (@text "what lies beside it"))))
