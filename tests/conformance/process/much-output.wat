;;! interface = "process"
;;! with = "sh"
;;! covers = ["spawn", "spawn-background", "process-handle.read-logs", "process-handle.wait"]
;;! real-time = true
;;! fresh-only = "an instance has no room for it twice"
;;! capabilities = { host_process = ["sh"] }
;; The first 10 MiB of each stream are given back by a call that waits, with a word about the rest. In
;; the background the last mebibyte is kept. What is no text is replaced.
(module
  (import "astrid:process/host@1.1.0" "[method]process-handle.read-logs"
    (func $h-read-logs (param i32 i32)))
  (import "astrid:process/host@1.1.0" "[method]process-handle.wait"
    (func $h-wait (param i32 i32 i64 i32)))
  (func $case
    (local $child i32)
    (call $sh (@text "printf a; head -c 10485759 /dev/zero; printf b"))
    (call $spawn (i32.const 1024) (i32.const 0))
    (call $ok (@text "more than 10 MiB"))
    (call $number (i32.load (i32.const 8)) (i32.const 10485760) (@text "bytes of it"))
    (call $number (i32.load8_u (i32.load (i32.const 4))) (i32.const 97) (@text "the first one"))
    (call $number (i32.load8_u offset=10485759 (i32.load (i32.const 4))) (i32.const 0)
      (@text "the last one"))
    (call $check (i32.load (i32.const 16)) (@text "a word about the rest"))
    (call $sh (@text "printf a; head -c 1048575 /dev/zero; printf b"))
    (local.set $child (call $start))
    (call $h-wait (local.get $child) (i32.const 0) (i64.const 0) (i32.const 0))
    (call $ok (@text "wait"))
    (call $h-read-logs (local.get $child) (i32.const 0))
    (call $ok (@text "read-logs"))
    (call $number (i32.load (i32.const 8)) (i32.const 1048576) (@text "bytes that are kept"))
    (call $number (i32.load8_u (i32.load (i32.const 4))) (i32.const 0) (@text "the first of them"))
    (call $number (i32.load8_u offset=1048575 (i32.load (i32.const 4))) (i32.const 98)
      (@text "the last of them"))
    (call $h-drop (local.get $child))
    (call $sh (@text "printf 'a\\377b'; printf '\\200' >&2"))
    (call $prints (@text "a\u{fffd}b") (@text "what is no text"))
    (call $text (i32.load (i32.const 12)) (i32.load (i32.const 16)) (@text "\u{fffd}")
      (@text "nor is this"))))
