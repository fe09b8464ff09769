;;! interface = "elicit"
;;! covers = ["elicit"]
;;! phase = "install"
;;! answers = { name = "Ann", city = "", street = "", blank = " " }
;;! asked = ["text: What is your name? [Bob]", "text: Where? [Paris]", "text: street", "text: blank [b]"]
;; A question for a text gives the answer; an empty one stands for the default, or for nothing when
;; there is none. Without a description the key is the question.
(module
  (import "astrid:elicit/host@1.0.0" "elicit"
    (func $elicit (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  ;; The answer is this one value.
  (func $value (param $wanted i32) (param $bytes i32)
    (call $ok (local.get $wanted) (local.get $bytes))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "the kind of answer"))
    (call $text (i32.load (i32.const 8)) (i32.load (i32.const 12))
      (local.get $wanted) (local.get $bytes) (@text "the answer")))
  (func $case
    (call $elicit (i32.const 0) (@text "name") (@text "What is your name?")
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1) (@text "Bob") (i32.const 0))
    (call $value (@text "Ann"))
    (call $elicit (i32.const 0) (@text "city") (@text "Where?")
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1) (@text "Paris") (i32.const 0))
    (call $value (@text "Paris"))
    (call $elicit (i32.const 0) (@text "street") (@text "")
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.const 0))
    (call $value (@text ""))
    (call $elicit (i32.const 0) (@text "blank") (@text "")
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1) (@text "b") (i32.const 0))
    (call $value (@text " "))))
