;;! interface = "kv"
;;! covers = ["kv-get", "kv-set"]
;;! fresh-only = "memory is that of the instance"
;;! anew = true
;; What one instance stored another one finds, and of its memory nothing.
(module
  (import "astrid:kv/host@1.0.0" "kv-get" (func $get (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-set" (func $set (param i32 i32 i32 i32 i32)))
  (global $calls (mut i32) (i32.const 0))
  (func $case
    (call $number (global.get $calls) (i32.const 0) (@text "calls that this instance knows of"))
    (global.set $calls (i32.const 1))
    (call $get (@text "k") (i32.const 0))
    (call $ok (@text "get"))
    (if (i32.load8_u (i32.const 4))
      (then
        (call $text (i32.load (i32.const 8)) (i32.load (i32.const 12)) (@text "first")
          (@text "what the first one stored"))
        (call $set (@text "k") (@text "second") (i32.const 0)))
      (else (call $set (@text "k") (@text "first") (i32.const 0))))
    (call $ok (@text "set"))))
