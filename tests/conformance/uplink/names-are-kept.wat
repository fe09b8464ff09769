;;! interface = "uplink"
;;! covers = ["uplink-register", "invalid-input"]
;;! capabilities = { uplink = true }
;;! fresh-only = "registrations last as long as the instance"
;; Blanks around a platform make no difference, and neither does the case of its letters; a name is
;; kept as it is. Every profile will do.
(module
  (import "astrid:uplink/host@1.0.0" "uplink-register"
    (func $register (param i32 i32 i32 i32 i32 i32)))
  (func $case
    (call $register (@text "lobby") (@text "pigeon") (i32.const 0) (i32.const 0))
    (call $ok (@text "a name"))
    (call $register (@text " lobby") (@text "pigeon") (i32.const 1) (i32.const 0))
    (call $ok (@text "a name with a blank"))
    (call $register (@text "Lobby") (@text "pigeon") (i32.const 2) (i32.const 0))
    (call $ok (@text "a name in another case"))
    (call $register (@text "lobby") (@text " PiGeOn ") (i32.const 3) (i32.const 0))
    (call $error (@error "invalid-input") (@text "the same name on the same platform"))
    (call $register (@text "\u{e4}") (@text "\u{c4}") (i32.const 3) (i32.const 0))
    (call $ok (@text "letters outside of ASCII"))
    (call $register (@text "\u{e4}") (@text "\u{e4}") (i32.const 3) (i32.const 0))
    (call $ok (@text "which have no case"))))
