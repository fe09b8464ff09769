;;! interface = "sys"
;;! covers = ["get-caller"]
;;! caller = "system"
;; A message of the host has a source and a time, and no principal.
(module
  (import "astrid:sys/host@1.0.0" "get-caller" (func $caller (param i32)))
  (func $case
    (call $caller (i32.const 0))
    (call $ok (@text "get-caller"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "there is no principal"))
    (call $number (i32.load (i32.const 20)) (i32.const 36) (@text "letters of the source id"))
    (call $number (i32.load (i32.const 28)) (i32.const 35) (@text "letters of the time"))))
