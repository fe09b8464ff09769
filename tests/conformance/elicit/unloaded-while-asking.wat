;;! interface = "elicit"
;;! covers = ["elicit", "timeout"]
;;! phase = "install"
;;! expect = "cancelled ok"
;;! answers = { name = { thinks = true } }
;;! parked = [{ cancel = true }]
;; A question that is open when the hook is ended from outside gives a timeout.
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
    (call $log (i32.const 0) (@text "parked"))
    (call $ask (i32.const 0) (@text "name"))
    (call $error (@error "timeout") (@text "an open question"))))
