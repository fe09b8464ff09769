;;! interface = "fs"
;;! covers = []
;;! capabilities = { fs_read = ["workspace://src", ""] }
;;! workspace = { "src/a" = "x", "srcs/a" = "y", alias = { link = "srcs/a" } }
;; An entry grants a path and what is below it, and nothing that begins with the same letters.
(module
  (import "astrid:fs/host@1.0.0" "read-file" (func $read (param i32 i32 i32)))
  (func $case
    (call $read (@text "src/a") (i32.const 0))
    (call $ok (@text "below"))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8)) (@text "x")
      (@text "below"))
    (call $read (@text "srcs/a") (i32.const 0))
    (call $error (@error "capability-denied") (@text "beside"))
    (call $read (@text "src/../srcs/a") (i32.const 0))
    (call $error (@error "capability-denied") (@text "around"))
    (call $read (@text "alias") (i32.const 0))
    (call $error (@error "capability-denied") (@text "through a link"))
    (call $read (@text "srcs/../src/a") (i32.const 0))
    (call $error (@error "capability-denied") (@text "by way of what is beside"))))
