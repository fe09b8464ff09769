;;! interface = "kv"
;;! covers = ["kv-cas", "cas-mismatch"]
;; Compare-and-swap creates only what is absent and replaces only what is as expected; a mismatch
;; changes nothing.
(module
  (import "astrid:kv/host@1.0.0" "kv-get" (func $get (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-delete" (func $delete (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-cas"
    (func $cas (param i32 i32 i32 i32 i32 i32 i32 i32)))
  (func $holds (param $value i32) (param $bytes i32)
    (call $get (@text "k") (i32.const 0))
    (call $text (i32.load (i32.const 8)) (i32.load (i32.const 12))
      (local.get $value) (local.get $bytes) (@text "the value")))
  (func $case
    (call $cas (@text "k") (i32.const 1) (@text "one") (@text "two") (i32.const 0))
    (call $error (@error "cas-mismatch") (@text "replacing what is absent"))
    (call $get (@text "k") (i32.const 0))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "the key is absent still"))
    (call $cas (@text "k") (i32.const 0) (i32.const 0) (i32.const 0) (@text "one") (i32.const 0))
    (call $ok (@text "creating what is absent"))
    (call $holds (@text "one"))
    (call $cas (@text "k") (i32.const 0) (i32.const 0) (i32.const 0) (@text "two") (i32.const 0))
    (call $error (@error "cas-mismatch") (@text "creating what is there"))
    (call $holds (@text "one"))
    (call $cas (@text "k") (i32.const 1) (@text "on") (@text "two") (i32.const 0))
    (call $error (@error "cas-mismatch") (@text "replacing another value"))
    (call $holds (@text "one"))
    (call $cas (@text "k") (i32.const 1) (@text "one") (@text "") (i32.const 0))
    (call $ok (@text "replacing what is as expected"))
    (call $cas (@text "k") (i32.const 0) (i32.const 0) (i32.const 0) (@text "two") (i32.const 0))
    (call $error (@error "cas-mismatch") (@text "an empty value is not an absent one"))
    (call $cas (@text "k") (i32.const 1) (@text "") (@text "two") (i32.const 0))
    (call $ok (@text "replacing an empty value"))
    (call $holds (@text "two"))
    (call $delete (@text "k") (i32.const 0))))
