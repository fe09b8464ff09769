;;! interface = "sys"
;;! covers = ["get-config"]
;;! env = { colour = { type = "string", default = "blue" }, token = { type = "secret" } }
;;! settings = { default = { who = "default", colour = "red" }, other = { who = "other" } }
;;! secrets = { default = { token = "mine" } }
;; Settings and secrets are those of whom the call is for. What another principal has set is not lent:
;; without an own value there is the default.
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
    (call $is (@text "who") (global.get $who) (global.get $who-bytes))
    (if (call $same (global.get $who) (global.get $who-bytes) (@text "default"))
      (then
        (call $is (@text "colour") (@text "red"))
        (call $is (@text "token") (@text "mine")))
      (else
        (call $is (@text "colour") (@text "blue"))
        (call $absent (@text "token"))))))
