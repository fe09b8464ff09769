;;! interface = "fs"
;;! covers = []
;;! capabilities = { fs_read = ["home://"], fs_write = ["home://"] }
;;! homeless = ["other"]
;;! files = { "home/default/mine" = "of the owner" }
;; A principal without a home is not lent the owner's, which is there: neither files nor scratch directory.
(module
  (import "astrid:fs/host@1.0.0" "read-file" (func $read (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "fs-exists" (func $exists (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "write-file" (func $write (param i32 i32 i32 i32 i32)))
  (func $case
    ;; The owner's name is longer.
    (if (i32.eq (global.get $who-bytes) (i32.const 7))
      (then
        (call $read (@text "home://mine") (i32.const 0))
        (call $ok (@text "the owner has a home")))
      (else
        (call $read (@text "home://mine") (i32.const 0))
        (call $error (@error "capability-denied") (@text "read"))
        (call $exists (@text "home://mine") (i32.const 0))
        (call $error (@error "capability-denied") (@text "exists"))
        (call $write (@text "home://new") (@text "x") (i32.const 0))
        (call $error (@error "capability-denied") (@text "write"))
        (call $write (@text "tmp://new") (@text "x") (i32.const 0))
        (call $error (@error "capability-denied") (@text "the scratch directory"))))))
