;;! interface = "uplink"
;;! covers = ["uplink-register", "invalid-input"]
;;! capabilities = { uplink = true }
;;! fresh-only = "registrations last as long as the instance"
;; A registration gets an id of its own. Names that are empty, long or not one line are refused, and
;; so is the same name on the same platform twice, whatever case the platform is written in.
(module
  (import "astrid:uplink/host@1.0.0" "uplink-register"
    (func $register (param i32 i32 i32 i32 i32 i32)))
  (func $is-new (param $text i32) (param $bytes i32)
    (call $ok (local.get $text) (local.get $bytes))
    (call $number (i32.load (i32.const 8)) (i32.const 36) (local.get $text) (local.get $bytes)))
  (func $refused (param $text i32) (param $bytes i32)
    (call $error (@error "invalid-input") (local.get $text) (local.get $bytes)))
  (func $case
    (local $long i32) (local $first i32)
    (local.set $long (call $room (i32.const 257) (i32.const 120)))
    (call $register (@text "lobby") (@text " Pigeon ") (i32.const 0) (i32.const 0))
    (call $is-new (@text "the first"))
    (local.set $first (i32.load (i32.const 4)))
    (call $register (@text "lobby") (@text "owl") (i32.const 1) (i32.const 0))
    (call $is-new (@text "another platform"))
    (call $check
      (i32.eqz (call $same (local.get $first) (i32.const 36)
        (i32.load (i32.const 4)) (i32.const 36)))
      (@text "two registrations have one id"))
    (call $register (@text "garden") (@text "pigeon") (i32.const 2) (i32.const 0))
    (call $is-new (@text "another name"))
    (call $register (@text "lobby") (@text "PIGEON") (i32.const 3) (i32.const 0))
    (call $refused (@text "the same again"))
    (call $register (i32.const 0) (i32.const 0) (@text "pigeon") (i32.const 0) (i32.const 0))
    (call $refused (@text "no name"))
    (call $register (@text "  ") (@text "pigeon") (i32.const 0) (i32.const 0))
    (call $refused (@text "a blank name"))
    (call $register (@text "a") (@text " ") (i32.const 0) (i32.const 0))
    (call $refused (@text "a blank platform"))
    (call $register (@text "a\nb") (@text "pigeon") (i32.const 0) (i32.const 0))
    (call $refused (@text "two lines"))
    (call $register (@text "a") (@text "pi\00geon") (i32.const 0) (i32.const 0))
    (call $refused (@text "a NUL"))
    (call $register (local.get $long) (i32.const 257) (@text "pigeon") (i32.const 0) (i32.const 0))
    (call $refused (@text "257 bytes"))
    (call $register (local.get $long) (i32.const 256) (@text "pigeon") (i32.const 0) (i32.const 0))
    (call $is-new (@text "256 bytes"))))
