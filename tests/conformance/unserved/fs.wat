;;! interface = "unserved"
;; Functions on files that are not served yet say so in their own error type, whatever is asked.
(module
  (import "astrid:fs/host@1.0.0" "fs-exists" (func $exists (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "read-file" (func $read (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "write-file" (func $write (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-open" (func $open (param i32 i32 i32 i32)))
  ;; The error at address 0 is `unknown` with the fixed text.
  (func $refused (param $text i32) (param $bytes i32) (param $unknown i32)
    (call $error (local.get $unknown) (local.get $text) (local.get $bytes))
    (call $text (i32.load (i32.const 8)) (i32.load (i32.const 12))
      (@text "not served by this version of capsule") (local.get $text) (local.get $bytes)))
  (func $case
    (call $exists (@text "home://a") (i32.const 0))
    (call $refused (@text "fs-exists") (i32.const 14))
    (call $read (@text "") (i32.const 0))
    (call $refused (@text "read-file") (i32.const 14))
    (call $write (@text "../../a") (@text "content") (i32.const 0))
    (call $refused (@text "write-file") (i32.const 14))
    (call $open (@text "a") (i32.const 0) (i32.const 0))
    (call $refused (@text "fs-open") (i32.const 14))))
