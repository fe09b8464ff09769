;;! interface = "process"
;;! with = "sh"
;;! covers = ["spawn", "capability-denied"]
;;! real-time = true
;;! capabilities = { host_process = ["sh"], fs_write = ["home://"], fs_read = ["home://open"] }
;;! files = { "home/default/open/a" = "", "home/other/open/a" = "", "home/default/.local/log" = "no directory", "home/other/.local/log" = "no directory" }
;; No program starts in a directory that the capsule may not read, nor in one of a home where what the
;; machine keeps cannot be covered.
(module
  (func $cwd (param $path i32) (param $bytes i32)
    (call $sh (@text "pwd"))
    (i32.store (i32.const 1060) (i32.const 1))
    (call $put (i32.const 1064) (local.get $path) (local.get $bytes)))
  (func $case
    (call $cwd (@text "home://"))
    (call $refused (@error "capability-denied") (@text "what may only be written"))
    (call $cwd (@text "tmp://"))
    (call $refused (@error "capability-denied") (@text "the scratch directory"))
    (call $cwd (@text "home://open"))
    (call $refused (@error "capability-denied") (@text "where a log has no directory"))))
