;;! interface = "sys"
;;! covers = ["get-config"]
;;! env = { most = { type = "secret" }, more = { type = "secret" }, bytes = { type = "secret" } }
;;! files = { "secrets/default/conformance/most" = { zeroes = 65536 }, "secrets/default/conformance/more" = { zeroes = 65537 }, "secrets/default/conformance/bytes" = { bytes = [115, 255] }, "secrets/other/conformance/most" = { zeroes = 65536 }, "secrets/__host__/conformance/more" = "of all", "secrets/__host__/conformance/bytes" = "of all" }
;;! default-only = "the shared ones are nobody's substitute"
;;! not-replayed = "it compares secrets byte by byte"
;; A secret has at most 64 KiB and is a text; an own one that is not is missing, and the shared one does
;; not take its place.
(module
  (import "astrid:sys/host@1.0.0" "get-config" (func $config (param i32 i32 i32)))
  (func $absent (param $key i32) (param $bytes i32)
    (call $config (local.get $key) (local.get $bytes) (i32.const 0))
    (call $ok (local.get $key) (local.get $bytes))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (local.get $key) (local.get $bytes)))
  (func $case
    (call $config (@text "most") (i32.const 0))
    (call $ok (@text "64 KiB"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 1) (@text "64 KiB"))
    (call $number (i32.load (i32.const 12)) (i32.const 65536) (@text "all of them"))
    (call $absent (@text "more"))
    (call $absent (@text "bytes"))))
