;;! interface = "fs"
;;! covers = ["capability-denied", "boundary-escape"]
;;! capabilities = { fs_read = ["cwd://granted"] }
;;! workspace = { "granted/file" = "x", "secret/inner/file" = "y", out = { link = "%outside" }, up = { link = "../workspace-outside" } }
;;! changes = []
;; A way that leads through what is not granted is denied, whether that is there or not.
(module
  (import "astrid:fs/host@1.0.0" "fs-exists" (func $exists (param i32 i32 i32)))
  (func $case
    (call $exists (@text "secret/../granted/file") (i32.const 0))
    (call $error (@error "capability-denied") (@text "out of a directory that is there"))
    (call $exists (@text "missing/../granted/file") (i32.const 0))
    (call $error (@error "capability-denied") (@text "out of one that is not there"))
    (call $exists (@text "secret/inner/../../granted/file") (i32.const 0))
    (call $error (@error "capability-denied") (@text "out of two that are there"))
    (call $exists (@text "secret/../../elsewhere") (i32.const 0))
    (call $error (@error "capability-denied") (@text "out of the workspace by one that is there"))
    (call $exists (@text "missing/../../elsewhere") (i32.const 0))
    (call $error (@error "capability-denied") (@text "out of the workspace by one that is not there"))
    (call $exists (@text "out/secret") (i32.const 0))
    (call $error (@error "capability-denied") (@text "by a link that leads out"))
    (call $exists (@text "up/secret") (i32.const 0))
    (call $error (@error "capability-denied") (@text "by a link that leads up"))
    (call $exists (@text "../elsewhere") (i32.const 0))
    (call $error (@error "boundary-escape") (@text "out of the workspace at once"))
    (call $exists (@text "granted/../../elsewhere") (i32.const 0))
    (call $error (@error "boundary-escape") (@text "out of the workspace by what is granted"))
    (call $exists (@text "granted/../granted/file") (i32.const 0))
    (call $ok (@text "out of what is granted and back"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 1) (@text "out of what is granted and back"))))
