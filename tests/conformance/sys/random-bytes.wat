;;! interface = "sys"
;;! covers = ["random-bytes", "too-large"]
;; One gets as many random bytes as one asks for, up to 4096, and others each time.
(module
  (import "astrid:sys/host@1.0.0" "random-bytes" (func $random (param i64 i32)))
  (func $case
    (local $first i32)
    (call $random (i64.const 0) (i32.const 0))
    (call $ok (@text "no bytes"))
    (call $number (i32.load (i32.const 8)) (i32.const 0) (@text "bytes"))
    (call $random (i64.const 4096) (i32.const 0))
    (call $ok (@text "4096 bytes"))
    (call $number (i32.load (i32.const 8)) (i32.const 4096) (@text "bytes"))
    (local.set $first (i32.load (i32.const 4)))
    (call $random (i64.const 4096) (i32.const 0))
    (call $check
      (i32.eqz (call $same (local.get $first) (i32.const 4096)
        (i32.load (i32.const 4)) (i32.const 4096)))
      (@text "they are not the same again"))
    (call $check
      (i64.ne (i64.load (i32.load (i32.const 4))) (i64.load offset=4088 (i32.load (i32.const 4))))
      (@text "the last ones are not like the first"))
    (call $random (i64.const 4097) (i32.const 0))
    (call $error (@error "too-large") (@text "4097 bytes"))
    (call $random (i64.const -1) (i32.const 0))
    (call $error (@error "too-large") (@text "as many as can be written down"))))
