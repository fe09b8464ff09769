;;! interface = "fs"
;;! covers = []
;;! capabilities = { fs_read = ["cwd:///slash", "/%workspace/literal", "relative", "cwd://slash/../climbs", "home://sub", "/tmp/part", "tmp://scheme", "home://.local/tmp/home"] }
;;! workspace = { "slash/a" = "x", "slashes/a" = "x", "literal/a" = "x", "literally/a" = "x", "relative/a" = "x", "climbs/a" = "x", "sub/a" = "x", "part/a" = "x", a = "x" }
;;! files = { "home/default/sub/a" = "x", "home/default/subs/a" = "x", "home/default/a" = "x", "home/default/.local/tmp/part/a" = "x", "home/default/.local/tmp/parts/a" = "x", "home/default/.local/tmp/scheme/a" = "x", "home/default/.local/tmp/schemes/a" = "x", "home/default/.local/tmp/home/a" = "x", "home/default/.local/tmp/homes/a" = "x", "home/default/.local/tmp/a" = "x", "home/other/sub/a" = "x", "home/other/subs/a" = "x", "home/other/a" = "x", "home/other/.local/tmp/part/a" = "x", "home/other/.local/tmp/parts/a" = "x", "home/other/.local/tmp/scheme/a" = "x", "home/other/.local/tmp/schemes/a" = "x", "home/other/.local/tmp/home/a" = "x", "home/other/.local/tmp/homes/a" = "x", "home/other/.local/tmp/a" = "x" }
;; An entry names a directory of a place or of the machine; one that is relative or climbs grants nothing.
;; (The second slash is there since `/tmp/` begins the name of a scratch directory.)
(module
  (import "astrid:fs/host@1.0.0" "read-file" (func $read (param i32 i32 i32)))
  (func $has (param $path i32) (param $bytes i32) (param $wanted i32) (param $wanted-bytes i32)
    (call $read (local.get $path) (local.get $bytes) (i32.const 0))
    (call $ok (local.get $path) (local.get $bytes))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8))
      (local.get $wanted) (local.get $wanted-bytes) (local.get $path) (local.get $bytes)))
  (func $denied (param $path i32) (param $bytes i32)
    (call $read (local.get $path) (local.get $bytes) (i32.const 0))
    (call $error (@error "capability-denied") (local.get $path) (local.get $bytes)))
  (func $case
    (call $has (@text "slash/a") (@text "x"))
    (call $has (@text "literal/a") (@text "x"))
    (call $has (@text "home://sub/a") (@text "x"))
    (call $has (@text "/tmp/part/a") (@text "x"))
    (call $has (@text "/tmp/scheme/a") (@text "x"))
    (call $has (@text "/tmp/home/a") (@text "x"))
    (call $denied (@text "slashes/a"))
    (call $denied (@text "literally/a"))
    (call $denied (@text "relative/a"))
    (call $denied (@text "climbs/a"))
    (call $denied (@text "home://subs/a"))
    (call $denied (@text "home://a"))
    (call $denied (@text "/tmp/parts/a"))
    (call $denied (@text "/tmp/schemes/a"))
    (call $denied (@text "/tmp/homes/a"))
    (call $denied (@text "/tmp/a"))
    (call $denied (@text "a"))
    (call $denied (@text "sub/a"))
    (call $denied (@text "part/a"))))
