;;! interface = "kv"
;;! covers = ["kv-set", "kv-cas", "too-large"]
;; A value may have 1 MiB and not one byte more; a value that is refused leaves the old one alone.
(module
  (import "astrid:kv/host@1.0.0" "kv-set" (func $set (param i32 i32 i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-get" (func $get (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-cas"
    (func $cas (param i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-delete" (func $delete (param i32 i32 i32)))
  (func $case
    (local $value i32)
    (local.set $value (call $room (i32.const 1048577) (i32.const 120)))
    (call $set (@text "k") (local.get $value) (i32.const 1048576) (i32.const 0))
    (call $ok (@text "set of 1 MiB"))
    (call $set (@text "k") (local.get $value) (i32.const 1048577) (i32.const 0))
    (call $error (@error "too-large") (@text "set of 1 MiB and a byte"))
    (call $get (@text "k") (i32.const 0))
    (call $number (i32.load (i32.const 12)) (i32.const 1048576) (@text "the old value stays"))
    (call $cas (@text "new") (i32.const 0) (i32.const 0) (i32.const 0)
      (local.get $value) (i32.const 1048577) (i32.const 0))
    (call $error (@error "too-large") (@text "compare-and-swap to 1 MiB and a byte"))
    (call $get (@text "new") (i32.const 0))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "nothing was stored"))
    (call $delete (@text "k") (i32.const 0))))
