;;! interface = "elicit"
;;! covers = ["elicit"]
;;! phase = "install"
;;! answers = { colours = ["red", "", "blue"], none = [], one = "green" }
;;! asked = ["array: colours", "array: none", "array: one"]
;; A question for many lines gives all of them, in order, empty ones too; none is an answer.
(module
  (import "astrid:elicit/host@1.0.0" "elicit"
    (func $elicit (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  ;; Asks without options and without a default. The kinds: 0 text, 1 secret, 2 select, 3 array.
  (func $ask (param $kind i32) (param $key i32) (param $bytes i32)
    (call $elicit (local.get $kind) (local.get $key) (local.get $bytes) (@text "")
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.const 0)))
  (func $values (param $count i32)
    (call $ok (@text "an array"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 1) (@text "the kind of answer"))
    (call $number (i32.load (i32.const 12)) (local.get $count) (@text "values")))
  (func $value-at (param $at i32) (param $wanted i32) (param $bytes i32)
    (local.set $at (i32.add (i32.load (i32.const 8)) (i32.mul (local.get $at) (i32.const 8))))
    (call $text (i32.load (local.get $at)) (i32.load offset=4 (local.get $at))
      (local.get $wanted) (local.get $bytes) (@text "a value")))
  (func $case
    (call $ask (i32.const 3) (@text "colours"))
    (call $values (i32.const 3))
    (call $value-at (i32.const 0) (@text "red"))
    (call $value-at (i32.const 1) (@text ""))
    (call $value-at (i32.const 2) (@text "blue"))
    (call $ask (i32.const 3) (@text "none"))
    (call $values (i32.const 0))
    (call $ask (i32.const 3) (@text "one"))
    (call $values (i32.const 1))
    (call $value-at (i32.const 0) (@text "green"))))
