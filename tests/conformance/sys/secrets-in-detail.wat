;;! interface = "sys"
;;! covers = ["get-config"]
;;! env = { empty = { type = "secret" }, padded = { type = "Secret" }, binary = { type = "secret" }, "a:b" = { type = "secret" }, shared = { type = "SECRET" } }
;;! files = { "secrets/default/conformance/empty" = "", "secrets/default/conformance/padded" = " s\n", "secrets/default/conformance/a:b" = "never", "secrets/other/conformance/empty" = "", "secrets/other/conformance/padded" = " s\n", "secrets/__host__/conformance/empty" = "not this one", "secrets/__host__/conformance/shared" = "of all" }
;;! not-replayed = "it compares secrets byte by byte"
;; A secret is the text of its file, blanks and line ends included, whatever case its type is written
;; in. An own one that is empty is none, and the shared one does not take its place; a key that is no
;; name of a file has none.
(module
  (import "astrid:sys/host@1.0.0" "get-config" (func $config (param i32 i32 i32)))
  (func $absent (param $key i32) (param $bytes i32)
    (call $config (local.get $key) (local.get $bytes) (i32.const 0))
    (call $ok (local.get $key) (local.get $bytes))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (local.get $key) (local.get $bytes)))
  (func $is (param $key i32) (param $bytes i32) (param $wanted i32) (param $wanted-bytes i32)
    (call $config (local.get $key) (local.get $bytes) (i32.const 0))
    (call $ok (local.get $key) (local.get $bytes))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 1) (local.get $key) (local.get $bytes))
    (call $text (i32.load (i32.const 8)) (i32.load (i32.const 12))
      (local.get $wanted) (local.get $wanted-bytes) (local.get $key) (local.get $bytes)))
  (func $case
    (call $absent (@text "empty"))
    (call $is (@text "padded") (@text " s\n"))
    (call $is (@text "shared") (@text "of all"))
    (call $absent (@text "a:b"))
    (call $absent (@text "binary"))))
