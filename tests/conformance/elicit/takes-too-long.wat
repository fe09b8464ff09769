;;! interface = "elicit"
;;! covers = ["elicit", "timeout"]
;;! phase = "install"
;;! answers = { name = { thinks = true } }
;;! patience-ms = 30
;;! asked = ["text: name", "secret: name"]
;; Who does not answer in time has not answered, and nothing is stored of a secret.
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
    (call $ask (i32.const 0) (@text "name"))
    (call $error (@error "timeout") (@text "a text"))
    (call $ask (i32.const 1) (@text "name"))
    (call $error (@error "timeout") (@text "a secret"))))
