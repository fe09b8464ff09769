;;! interface = "elicit"
;;! covers = ["elicit", "has-secret", "invalid-input"]
;;! phase = "install"
;;! answers = { token = "s3cret", empty = "", many = ["a", "b"] }
;;! asked = ["secret: token", "secret: empty", "secret: many"]
;;! fresh-only = "the secret of the first run is there for the second"
;; The answer to a question for a secret is kept and not given: the guest learns that there is one.
;; An empty secret is none.
(module
  (import "astrid:elicit/host@1.0.0" "elicit"
    (func $elicit (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "astrid:elicit/host@1.0.0" "has-secret" (func $has (param i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  ;; Asks without options and without a default. The kinds: 0 text, 1 secret, 2 select, 3 array.
  (func $ask (param $kind i32) (param $key i32) (param $bytes i32)
    (call $elicit (local.get $kind) (local.get $key) (local.get $bytes) (@text "")
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.const 0)))
  (func $has-it (param $key i32) (param $bytes i32) (param $wanted i32)
    (call $has (local.get $key) (local.get $bytes) (i32.const 0))
    (call $ok (local.get $key) (local.get $bytes))
    (call $number (i32.load8_u (i32.const 4)) (local.get $wanted)
      (local.get $key) (local.get $bytes)))
  (func $case
    (call $has-it (@text "token") (i32.const 0))
    (call $ask (i32.const 1) (@text "token"))
    (call $ok (@text "a secret"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 2) (@text "the kind of answer"))
    (call $has-it (@text "token") (i32.const 1))
    (call $ask (i32.const 1) (@text "empty"))
    (call $error (@error "invalid-input") (@text "an empty secret"))
    (call $has-it (@text "empty") (i32.const 0))
    (call $ask (i32.const 1) (@text "many"))
    (call $error (@error "invalid-input") (@text "several answers"))
    (call $has-it (@text "many") (i32.const 0))))
