;;! interface = "sys"
;;! covers = []
;;! expect = "trap host: unexpected discriminant: 5"
;; A level that there is none of stops the guest.
(module
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $case
    (call $log (i32.const 5) (@text "x"))))
