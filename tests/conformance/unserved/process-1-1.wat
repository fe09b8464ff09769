;;! interface = "unserved"
;; Functions on processes (version 1.1.0 of the interface) say in their own error type that they are
;; not served yet; a list is not just empty.
(module
  (import "astrid:process/host@1.1.0" "list-processes" (func $list (param i32 i32 i32 i32)))
  (import "astrid:process/host@1.1.0" "attach" (func $attach (param i32 i32 i32)))
  ;; The error at address 0 is `unknown` with the fixed text.
  (func $refused (param $text i32) (param $bytes i32) (param $unknown i32)
    (call $error (local.get $unknown) (local.get $text) (local.get $bytes))
    (call $text (i32.load (i32.const 8)) (i32.load (i32.const 12))
      (@text "not served by this version of capsule") (local.get $text) (local.get $bytes)))
  (func $case
    (call $list (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
    (call $refused (@text "list-processes") (i32.const 11))
    (call $attach (@text "p-1") (i32.const 0))
    (call $refused (@text "attach") (i32.const 11))))
