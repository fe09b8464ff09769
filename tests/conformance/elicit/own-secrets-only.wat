;;! interface = "elicit"
;;! covers = ["has-secret"]
;;! secrets = { default = { mine = "1" }, other = { theirs = "1" }, __host__ = { shared = "1" } }
;; In any call one learns whether there is a secret: one's own or a shared one, never another's.
(module
  (import "astrid:elicit/host@1.0.0" "has-secret" (func $has (param i32 i32 i32)))
  (func $has-it (param $key i32) (param $bytes i32) (param $wanted i32)
    (call $has (local.get $key) (local.get $bytes) (i32.const 0))
    (call $ok (local.get $key) (local.get $bytes))
    (call $number (i32.load8_u (i32.const 4)) (local.get $wanted)
      (local.get $key) (local.get $bytes)))
  (func $case
    (local $default i32)
    (local.set $default
      (call $same (global.get $who) (global.get $who-bytes) (@text "default")))
    (call $has-it (@text "mine") (local.get $default))
    (call $has-it (@text "theirs") (i32.eqz (local.get $default)))
    (call $has-it (@text "shared") (i32.const 1))
    (call $has-it (@text "none") (i32.const 0))))
