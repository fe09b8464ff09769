;;! interface = "uplink"
;;! covers = ["uplink-register", "uplink-send", "invalid-input", "unknown-uplink"]
;;! capabilities = { uplink = true }
;;! fresh-only = "registrations last as long as the instance"
;; What a user wrote is handed in over an id that this instance has registered; no text of another
;; kind is taken for an id, and one message is at most a mebibyte.
(module
  (import "astrid:uplink/host@1.0.0" "uplink-register"
    (func $register (param i32 i32 i32 i32 i32 i32)))
  (import "astrid:uplink/host@1.0.0" "uplink-send"
    (func $send (param i32 i32 i32 i32 i32 i32 i32)))
  (func $handed-in (param $text i32) (param $bytes i32)
    (call $ok (local.get $text) (local.get $bytes))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 1) (local.get $text) (local.get $bytes)))
  (func $refused (param $text i32) (param $bytes i32)
    (call $error (@error "invalid-input") (local.get $text) (local.get $bytes)))
  (func $case
    (local $id i32) (local $large i32)
    (call $register (@text "lobby") (@text "pigeon") (i32.const 0) (i32.const 0))
    (call $ok (@text "register"))
    (local.set $id (i32.load (i32.const 4)))
    (call $send (local.get $id) (i32.const 36) (@text "ann") (@text "hello") (i32.const 0))
    (call $handed-in (@text "a message"))
    (call $send (local.get $id) (i32.const 36) (@text "ann") (i32.const 0) (i32.const 0)
      (i32.const 0))
    (call $handed-in (@text "an empty message"))
    (local.set $large (call $room (i32.const 1048577) (i32.const 120)))
    (call $send (local.get $id) (i32.const 36) (@text "ann")
      (local.get $large) (i32.const 1048576) (i32.const 0))
    (call $handed-in (@text "a mebibyte"))
    (call $send (local.get $id) (i32.const 36) (@text "ann")
      (local.get $large) (i32.const 1048577) (i32.const 0))
    (call $refused (@text "a byte more"))
    (call $send (local.get $id) (i32.const 36) (local.get $large) (i32.const 257)
      (@text "hello") (i32.const 0))
    (call $refused (@text "a long user"))
    (call $send (@text "") (@text "ann") (@text "hello") (i32.const 0))
    (call $refused (@text "no id"))
    (call $send (@text "lobby") (@text "ann") (@text "hello") (i32.const 0))
    (call $refused (@text "a name for an id"))
    (call $send (local.get $large) (i32.const 65) (@text "ann") (@text "hello") (i32.const 0))
    (call $refused (@text "a long id"))
    (call $send (@text "01234567-89ab-4cde-8f01-23456789abcd") (@text "ann") (@text "hello")
      (i32.const 0))
    (call $error (@error "unknown-uplink") (@text "an id of nobody"))))
