;;! interface = "elicit"
;;! covers = ["elicit", "cancelled", "timeout"]
;;! phase = "install"
;;! answers = { declined = { declined = true }, late = { timed-out = true } }
;; Where there is nobody to ask, or who is asked declines, the question is cancelled; who does not
;; answer in time gives a timeout. A default is not an answer.
(module
  (import "astrid:elicit/host@1.0.0" "elicit"
    (func $elicit (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  ;; Asks without options and without a default. The kinds: 0 text, 1 secret, 2 select, 3 array.
  (func $ask (param $kind i32) (param $key i32) (param $bytes i32)
    (call $elicit (local.get $kind) (local.get $key) (local.get $bytes) (@text "")
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.const 0)))
  (func $case
    (call $ask (i32.const 0) (@text "nobody"))
    (call $error (@error "cancelled") (@text "nobody is there"))
    (call $ask (i32.const 1) (@text "declined"))
    (call $error (@error "cancelled") (@text "a declined question"))
    (call $ask (i32.const 3) (@text "late"))
    (call $error (@error "timeout") (@text "no answer in time"))
    (call $elicit (i32.const 0) (@text "nobody") (@text "")
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1) (@text "default") (i32.const 0))
    (call $error (@error "cancelled") (@text "a default, and nobody is there"))))
