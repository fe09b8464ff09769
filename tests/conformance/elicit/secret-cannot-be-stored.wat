;;! interface = "elicit"
;;! covers = ["elicit", "store-unavailable"]
;;! phase = "install"
;;! answers = { "" = "a", "a:b" = "b", "a/b" = "c", "a\\b" = "d", ".." = "e" }
;; A key under which no secret can be kept is an error, and so is a place where none can be.
(module
  (import "astrid:elicit/host@1.0.0" "elicit"
    (func $elicit (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  ;; Asks without options and without a default. The kinds: 0 text, 1 secret, 2 select, 3 array.
  (func $ask (param $kind i32) (param $key i32) (param $bytes i32)
    (call $elicit (local.get $kind) (local.get $key) (local.get $bytes) (@text "")
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.const 0)))
  (func $refused (param $key i32) (param $bytes i32)
    (call $ask (i32.const 1) (local.get $key) (local.get $bytes))
    (call $error (@error "store-unavailable") (local.get $key) (local.get $bytes)))
  (func $case
    (call $refused (@text ""))
    (call $refused (@text "a:b"))
    (call $refused (@text "a/b"))
    (call $refused (@text "a\\b"))
    (call $refused (@text ".."))))
