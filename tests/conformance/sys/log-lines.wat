;;! interface = "sys"
;;! covers = ["log"]
;;! log = ["trace t", "debug d", "info i", "warn w", "error e", "info ", "info two\nlines", "info é"]
;; Every line reaches the log with its level, in order and unchanged.
(module
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $case
    (call $log (i32.const 0) (@text "t"))
    (call $log (i32.const 1) (@text "d"))
    (call $log (i32.const 2) (@text "i"))
    (call $log (i32.const 3) (@text "w"))
    (call $log (i32.const 4) (@text "e"))
    (call $log (i32.const 2) (@text ""))
    (call $log (i32.const 2) (@text "two\nlines"))
    (call $log (i32.const 2) (@text "\u{e9}"))))
