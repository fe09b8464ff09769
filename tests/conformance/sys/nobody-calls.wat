;;! interface = "sys"
;;! covers = ["get-caller"]
;; Outside a message there is no caller: no principal, and two empty texts.
(module
  (import "astrid:sys/host@1.0.0" "get-caller" (func $caller (param i32)))
  (func $case
    (call $caller (i32.const 0))
    (call $ok (@text "get-caller"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "there is no principal"))
    (call $number (i32.load (i32.const 20)) (i32.const 0) (@text "bytes of the source id"))
    (call $number (i32.load (i32.const 28)) (i32.const 0) (@text "bytes of the time"))))
