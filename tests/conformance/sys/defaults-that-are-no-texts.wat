;;! interface = "sys"
;;! covers = ["get-config"]
;;! env = { number = { type = "string", default = 7 }, yes = { type = "string", default = true }, list = { type = "string", default = [1, "a b"] }, table = { type = "string", default = { k = 1 } }, choice = { type = "string", enum_values = ["a", "b"], default = "a" }, only = { type = "string", enum_values = ["a"], default = "a" }, ASTRID_SOCKET_PATH = { type = "string", default = "mine" } }
;;! files = { "home/default/.keep" = "" }
;;! not-replayed = "it compares secrets byte by byte"
;; A default that is no text is read as compact JSON. A choice of several is made by whoever sets it, so
;; its default counts for nothing; and what the host itself sets is the host's.
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
    (call $is (@text "number") (@text "7"))
    (call $is (@text "yes") (@text "true"))
    (call $is (@text "list") (@text "[1,\"a b\"]"))
    (call $is (@text "table") (@text "{\"k\":1}"))
    (call $is (@text "choice") (@text ""))
    (call $is (@text "only") (@text "a"))
    (call $config (@text "ASTRID_SOCKET_PATH") (i32.const 0))
    (call $ok (@text "a key of the host"))
    (call $check
      (call $same
        (i32.add (i32.load (i32.const 8)) (i32.sub (i32.load (i32.const 12)) (i32.const 16)))
        (i32.const 16) (@text "/run/system.sock"))
      (@text "where the host's socket is"))))
