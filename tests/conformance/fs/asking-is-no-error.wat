;;! interface = "fs"
;;! covers = ["fs-exists", "invalid-path"]
;;! capabilities = { fs_read = ["*", "home://"] }
;;! workspace = { file = "", round = { link = "round" }, gone = { link = "nowhere" }, to = { link = "file" } }
;; Whether a path that may be read names something is answered by yes or no, whatever is in the way, unless
;; it is malformed.
(module
  (import "astrid:fs/host@1.0.0" "fs-exists" (func $exists (param i32 i32 i32)))
  ;; The result at address 0 is this truth.
  (func $is (param $wanted i32) (param $text i32) (param $bytes i32)
    (call $ok (local.get $text) (local.get $bytes))
    (call $number (i32.load8_u (i32.const 4)) (local.get $wanted) (local.get $text) (local.get $bytes)))
  (func $case
    (call $exists (@text "file/below") (i32.const 0))
    (call $is (i32.const 0) (@text "below a file"))
    (call $exists (@text "round") (i32.const 0))
    (call $is (i32.const 0) (@text "links in a circle"))
    (call $exists (@text "gone") (i32.const 0))
    (call $is (i32.const 0) (@text "a link to nothing"))
    (call $exists (@text "nowhere/at/all") (i32.const 0))
    (call $is (i32.const 0) (@text "below nothing"))
    (call $exists (@text "to") (i32.const 0))
    (call $is (i32.const 1) (@text "a link to something"))
    (call $exists (@text "home://") (i32.const 0))
    (call $is (i32.const 1) (@text "the root of the home"))
    (call $exists (@text "/tmp") (i32.const 0))
    (call $is (i32.const 1) (@text "the root of the scratch directory"))
    (call $exists (call $room (i32.const 300) (i32.const 97)) (i32.const 300) (i32.const 0))
    (call $error (@error "invalid-path") (@text "a name that is too long for the disk"))))
