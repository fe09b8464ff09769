;;! interface = "fs"
;;! covers = ["write-file", "read-file", "fs-exists", "fs-open", "file-handle.read-at"]
;;! phase = "run"
;;! subscribe = ["a"]
;;! capabilities = { fs_read = ["home://"], fs_write = ["home://"] }
;;! files = { "home/default/who" = "default", "home/other/who" = "other" }
;;! fresh-only = "the files are found again"
;;! default-only = "the messages are from both principals, so that either can be the owner's"
;;! now = [{ publish = { topic = "a", payload = "1", from = "other" } }, { publish = { topic = "a", payload = "2", from = "default" } }]
;; Home and scratch directory of a run loop are those of whoever sent the last message: what it wrote
;; for one sender is not there for the next. A file that was opened stays the one that it was.
(module
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.recv"
    (func $recv (param i32 i64 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "read-file" (func $read (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "write-file" (func $write (param i32 i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-exists" (func $exists (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-open" (func $open (param i32 i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "[method]file-handle.read-at"
    (func $read-at (param i32 i64 i32 i32)))
  ;; The file `who` in the home, which is named after its owner.
  (func $home-of (param $name i32) (param $bytes i32)
    (call $read (@text "home://who") (i32.const 0))
    (call $ok (@text "a file in the home"))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8))
      (local.get $name) (local.get $bytes) (@text "whose home it is")))
  (func $scratch-has (param $wanted i32)
    (call $exists (@text "/tmp/mine") (i32.const 0))
    (call $ok (@text "a look into the scratch directory"))
    (call $number (i32.load8_u (i32.const 4)) (local.get $wanted) (@text "the file in it")))
  (func $next (param $subscription i32)
    (call $recv (local.get $subscription) (i64.const 0) (i32.const 0))
    (call $ok (@text "an envelope"))
    (call $number (i32.load (i32.const 12)) (i32.const 1) (@text "messages")))
  (func $case
    (local $a i32)
    (local $file i32)
    (call $subscribe (@text "a") (i32.const 0))
    (call $ok (@text "subscribe"))
    (local.set $a (i32.load (i32.const 4)))
    (call $home-of (@text "default"))
    (call $log (i32.const 0) (@text "now"))
    (call $next (local.get $a))
    (call $home-of (@text "other"))
    (call $scratch-has (i32.const 0))
    (call $write (@text "/tmp/mine") (@text "x") (i32.const 0))
    (call $ok (@text "write"))
    (call $scratch-has (i32.const 1))
    (call $open (@text "home://who") (i32.const 0) (i32.const 0))
    (call $ok (@text "open"))
    (local.set $file (i32.load (i32.const 4)))
    (call $next (local.get $a))
    (call $home-of (@text "default"))
    (call $scratch-has (i32.const 0))
    (call $read-at (local.get $file) (i64.const 0) (i32.const 64) (i32.const 0))
    (call $ok (@text "the open file"))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "other")
      (@text "whose file it is"))))
