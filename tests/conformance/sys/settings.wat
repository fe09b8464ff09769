;;! interface = "sys"
;;! covers = ["get-config"]
;;! env = { colour = { type = "string", default = "blue" }, count = { type = "string", default = "7" }, unset = { type = "string" }, shape = { type = "string", default = "round" }, empty = { type = "string", default = "full" } }
;;! settings = { default = { shape = "square", empty = "", undeclared = "seen" }, other = { shape = "square", empty = "", undeclared = "seen" } }
;;! not-replayed = "it compares secrets byte by byte"
;; A setting is what the principal has set, else the default in the manifest. What is declared and has
;; neither is an empty text; what is neither declared nor set is absent.
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
    (call $is (@text "count") (@text "7"))
    (call $is (@text "shape") (@text "square"))
    (call $is (@text "empty") (@text ""))
    (call $is (@text "unset") (@text ""))
    (call $is (@text "undeclared") (@text "seen"))
    (call $absent (@text "unheard-of"))
    (call $absent (@text "Colour"))
    (call $absent (@text ""))
    (call $config (@text "ASTRID_SOCKET_PATH") (i32.const 0))
    (call $ok (@text "a key of the host"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 1) (@text "it is readable"))))
