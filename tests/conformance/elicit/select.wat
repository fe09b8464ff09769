;;! interface = "elicit"
;;! covers = ["elicit", "invalid-input"]
;;! phase = "install"
;;! answers = { size = "large", default = "", wrong = "huge", list = ["large"] }
;;! asked = ["select small|large: size", "select small|large: default [small]", "select small|large: wrong", "select small|large: default [huge]", "select small|large: list"]
;; A selection gives one of its options, whoever answers: any other answer or default is refused, and
;; without options nobody is asked.
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
  (data (i32.const 1024) "smalllarge")
  ;; The list of the two texts above.
  (data (i32.const 1040) "\00\04\00\00\05\00\00\00\05\04\00\00\05\00\00\00")
  (func $select (param $key i32) (param $bytes i32)
    (param $some i32) (param $default i32) (param $default-bytes i32)
    (call $elicit (i32.const 2) (local.get $key) (local.get $bytes) (@text "")
      (i32.const 1) (i32.const 1040) (i32.const 2)
      (local.get $some) (local.get $default) (local.get $default-bytes) (i32.const 0)))
  (func $case
    (call $select (@text "size") (i32.const 0) (@text ""))
    (call $value (@text "large"))
    (call $select (@text "default") (i32.const 1) (@text "small"))
    (call $value (@text "small"))
    (call $select (@text "wrong") (i32.const 0) (@text ""))
    (call $error (@error "invalid-input") (@text "an answer that is not offered"))
    (call $select (@text "default") (i32.const 1) (@text "huge"))
    (call $error (@error "invalid-input") (@text "a default that is not offered"))
    (call $select (@text "list") (i32.const 0) (@text ""))
    (call $error (@error "invalid-input") (@text "several answers"))
    (call $elicit (i32.const 2) (@text "size") (@text "")
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.const 0))
    (call $error (@error "invalid-input") (@text "a selection without options"))
    (call $elicit (i32.const 2) (@text "size") (@text "")
      (i32.const 1) (i32.const 1040) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.const 0))
    (call $error (@error "invalid-input") (@text "a selection with no option"))))
