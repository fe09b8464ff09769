;;! interface = "sys"
;;! covers = ["log"]
;;! log-files = { caller = ["INFO [conformance] a", "DEBUG [conformance] "] }
;; What is logged in a call stands in the log of whom it is for, and nowhere else.
(module
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $case
    (call $log (i32.const 2) (@text "a"))
    (call $log (i32.const 1) (@text ""))))
