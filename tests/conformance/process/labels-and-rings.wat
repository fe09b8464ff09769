;;! interface = "process"
;;! with = "sh"
;;! covers = ["spawn-persistent", "status", "read-since", "release-process"]
;;! real-time = true
;;! capabilities = { host_process = ["sh"], allow_persistent = true }
;; A label is the command line unless it is given, has no control characters and 128 bytes at most, and is
;; cut between letters. Logs are kept in 8 MiB at most, and 4 MiB are read at once.
(module
  (import "astrid:process/host@1.1.0" "spawn-persistent" (func $persistent (param i32 i32)))
  (import "astrid:process/host@1.1.0" "status" (func $status (param i32 i32 i32)))
  (import "astrid:process/host@1.1.0" "wait" (func $wait (param i32 i32 i64 i32)))
  (import "astrid:process/host@1.1.0" "release-process" (func $release (param i32 i32 i32)))
  (import "astrid:process/host@1.1.0" "read-since"
    (func $read-since (param i32 i32 i32 i32 i32 i32 i32 i32)))
  (global $id (mut i32) (i32.const 0))
  (func $label (param $text i32) (param $bytes i32)
    (i32.store (i32.const 1136) (i32.const 1))
    (call $put (i32.const 1140) (local.get $text) (local.get $bytes)))
  (func $keep
    (call $persistent (i32.const 1024) (i32.const 0))
    (call $ok (@text "spawn-persistent"))
    (global.set $id (i32.load (i32.const 4)))
    (call $wait (global.get $id) (i32.const 52) (i64.const 60000) (i32.const 0))
    (call $ok (@text "wait")))
  (func $labelled (param $wanted i32) (param $bytes i32) (param $text i32) (param $text-bytes i32)
    (call $keep)
    (call $status (global.get $id) (i32.const 52) (i32.const 0))
    (call $ok (local.get $text) (local.get $text-bytes))
    (call $text (i32.load (i32.const 16)) (i32.load (i32.const 20))
      (local.get $wanted) (local.get $bytes) (local.get $text) (local.get $text-bytes))
    (call $release (global.get $id) (i32.const 52) (i32.const 0))
    (call $ok (@text "release")))
  (func $case
    (local $long i32)
    (call $sh (@text "exit 0\n"))
    (call $labelled (@text "sh -c exit 0") (@text "no label"))
    (i32.store (i32.const 1036) (i32.const 0))
    (call $labelled (@text "sh ") (@text "no arguments"))
    (call $sh (@text ""))
    (call $label (@text ""))
    (call $labelled (@text "") (@text "an empty label"))
    (local.set $long (call $room (i32.const 130) (i32.const 97)))
    ;; A letter of two bytes stands at the 128th and the 129th.
    (i32.store16 offset=127 (local.get $long) (i32.const 0xa4c3))
    (call $label (local.get $long) (i32.const 130))
    (call $labelled (local.get $long) (i32.const 127) (@text "a long label"))
    (call $sh (@text "head -c 9000000 /dev/zero"))
    (i32.store (i32.const 1152) (i32.const 1))
    (i32.store (i32.const 1156) (i32.const -1))
    (call $keep)
    (call $read-since (global.get $id) (i32.const 52) (i32.const 0) (i32.const 1)
      (@text "0000000000000000") (i32.const -1) (i32.const 0))
    (call $ok (@text "read-since"))
    (call $number (i32.load (i32.const 12)) (i32.const 4194304) (@text "bytes at once"))
    (call $equal (i64.load (i32.const 32)) (i64.const 611392) (@text "what did not fit"))
    (call $status (global.get $id) (i32.const 52) (i32.const 0))
    (call $ok (@text "status"))
    (call $equal (i64.load (i32.const 80)) (i64.const 8388608) (@text "bytes that are kept"))
    (call $equal (i64.load (i32.const 88)) (i64.const 611392) (@text "bytes that are gone"))
    (call $release (global.get $id) (i32.const 52) (i32.const 0))
    (call $ok (@text "release"))))
