;;! interface = "elicit"
;;! covers = ["elicit", "has-secret", "cancelled", "timeout", "invalid-input"]
;;! phase = "upgrade"
;;! answers = { name = "Ann", token = "s3cret", late = { timed-out = true } }
;;! asked = ["text: name", "secret: token", "secret: nobody", "secret: late", "text: late"]
;;! fresh-only = "the secret of the first run is there for the second"
;; An upgrade hook asks like an install hook, whatever becomes of each kind of question.
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
    (call $ask (i32.const 0) (@text "name"))
    (call $ok (@text "a text"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "the kind of answer"))
    (call $ask (i32.const 1) (@text "token"))
    (call $ok (@text "a secret"))
    (call $has-it (@text "token") (i32.const 1))
    (call $ask (i32.const 1) (@text "nobody"))
    (call $error (@error "cancelled") (@text "a secret that nobody gives"))
    (call $has-it (@text "nobody") (i32.const 0))
    (call $ask (i32.const 1) (@text "late"))
    (call $error (@error "timeout") (@text "a secret that comes late"))
    (call $ask (i32.const 0) (@text "late"))
    (call $error (@error "timeout") (@text "a text that comes late"))
    (call $ask (i32.const 2) (@text "name"))
    (call $error (@error "invalid-input") (@text "a selection without options"))))
