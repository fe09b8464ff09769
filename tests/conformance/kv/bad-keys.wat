;;! interface = "kv"
;;! covers = ["kv-set", "kv-get", "kv-delete", "kv-cas", "invalid-key"]
;; A key is 1 to 256 bytes without control characters. Whoever asks for another one, in whatever way,
;; is told so.
(module
  (import "astrid:kv/host@1.0.0" "kv-set" (func $set (param i32 i32 i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-get" (func $get (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-delete" (func $delete (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-cas"
    (func $cas (param i32 i32 i32 i32 i32 i32 i32 i32)))
  (func $bad (param $key i32) (param $bytes i32) (param $text i32) (param $text-bytes i32)
    (call $set (local.get $key) (local.get $bytes) (@text "v") (i32.const 0))
    (call $error (@error "invalid-key") (local.get $text) (local.get $text-bytes))
    (call $get (local.get $key) (local.get $bytes) (i32.const 0))
    (call $error (@error "invalid-key") (local.get $text) (local.get $text-bytes))
    (call $delete (local.get $key) (local.get $bytes) (i32.const 0))
    (call $error (@error "invalid-key") (local.get $text) (local.get $text-bytes))
    (call $cas (local.get $key) (local.get $bytes)
      (i32.const 0) (i32.const 0) (i32.const 0) (@text "v") (i32.const 0))
    (call $error (@error "invalid-key") (local.get $text) (local.get $text-bytes)))
  (func $case
    (local $long i32)
    (local.set $long (call $room (i32.const 257) (i32.const 107)))
    (call $bad (i32.const 64) (i32.const 0) (@text "an empty key"))
    (call $bad (local.get $long) (i32.const 257) (@text "a key of 257 bytes"))
    (call $bad (@text "a\00b") (@text "a key with NUL"))
    (call $bad (@text "a\nb") (@text "a key with a line end"))
    (call $bad (@text "a\u{85}b") (@text "a key with a control character of two bytes"))
    (call $set (local.get $long) (i32.const 256) (@text "v") (i32.const 0))
    (call $ok (@text "a key of 256 bytes"))
    (call $set (@text "\u{43a}\u{43b}\u{44e}\u{447}/ \u{9375}") (@text "v") (i32.const 0))
    (call $ok (@text "a key in other letters"))))
