;;! interface = "sys"
;;! covers = ["get-config"]
;;! env = { colour = { type = "string", default = "blue" } }
;;! files = { "home/default/.config/env/conformance.env.json" = "{ \"colour\": \"red\"", "home/other/.config/env/conformance.env.json" = "[\"colour\"]" }
;;! not-replayed = "it compares secrets byte by byte"
;; A file of settings that cannot be read counts as none: defaults are there, and nothing else.
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
    (call $is (@text "colour") (@text "blue"))
    (call $absent (@text "0"))))
