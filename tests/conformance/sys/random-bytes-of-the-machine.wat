;;! interface = "sys"
;;! covers = ["random-bytes"]
;;! real-time = true
;; Without a seed random bytes are the machine's, and never the same twice.
(module
  (import "astrid:sys/host@1.0.0" "random-bytes" (func $random (param i64 i32)))
  (func $case
    (local $first i32)
    (call $random (i64.const 32) (i32.const 0))
    (local.set $first (i32.load (i32.const 4)))
    (call $random (i64.const 32) (i32.const 0))
    (call $ok (@text "random bytes"))
    (call $number (i32.load (i32.const 8)) (i32.const 32) (@text "bytes"))
    (call $check
      (i32.eqz (call $same (local.get $first) (i32.const 32)
        (i32.load (i32.const 4)) (i32.const 32)))
      (@text "they are not the same again"))))
