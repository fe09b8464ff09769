;;! interface = "elicit"
;;! covers = ["has-secret", "store-unavailable"]
;; Under a key that is empty, or that holds `:`, `/`, `\` or NUL, there cannot be a secret, and the
;; answer is that, not a no.
(module
  (import "astrid:elicit/host@1.0.0" "has-secret" (func $has (param i32 i32 i32)))
  (func $refused (param $key i32) (param $bytes i32)
    (call $has (local.get $key) (local.get $bytes) (i32.const 0))
    (call $error (@error "store-unavailable") (local.get $key) (local.get $bytes)))
  (func $case
    (call $refused (@text ""))
    (call $refused (@text "a:b"))
    (call $refused (@text "a/b"))
    (call $refused (@text "a\\b"))
    (call $refused (@text "a\00b"))))
