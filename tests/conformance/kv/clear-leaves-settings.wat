;;! interface = "kv"
;;! covers = ["kv-clear-prefix", "kv-set", "kv-delete"]
;;! env = { token = { type = "secret" } }
;;! settings = { default = { colour = "red" }, other = { colour = "red" } }
;;! secrets = { default = { token = "t" }, other = { token = "t" } }
;;! not-replayed = "it compares secrets byte by byte"
;; Settings and secrets are not among the keys: what is written under the name of one changes none, and
;; clearing all keys leaves both alone.
(module
  (import "astrid:kv/host@1.0.0" "kv-set" (func $set (param i32 i32 i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-clear-prefix" (func $clear (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-delete" (func $delete (param i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "get-config" (func $config (param i32 i32 i32)))
  (func $is (param $key i32) (param $bytes i32) (param $wanted i32) (param $wanted-bytes i32)
    (call $config (local.get $key) (local.get $bytes) (i32.const 0))
    (call $ok (local.get $key) (local.get $bytes))
    (call $text (i32.load (i32.const 8)) (i32.load (i32.const 12))
      (local.get $wanted) (local.get $wanted-bytes) (local.get $key) (local.get $bytes)))
  (func $case
    (call $set (@text "colour") (@text "blue") (i32.const 0))
    (call $ok (@text "set"))
    (call $is (@text "colour") (@text "red"))
    (call $delete (@text "colour") (i32.const 0))
    (call $ok (@text "delete"))
    (call $is (@text "colour") (@text "red"))
    (call $clear (@text "") (i32.const 0))
    (call $ok (@text "clear"))
    (call $is (@text "colour") (@text "red"))
    (call $is (@text "token") (@text "t"))))
