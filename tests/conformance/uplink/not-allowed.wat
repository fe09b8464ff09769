;;! interface = "uplink"
;;! covers = ["uplink-register", "uplink-send", "capability-denied"]
;; Without the capability everything is refused, before anything else is looked at.
(module
  (import "astrid:uplink/host@1.0.0" "uplink-register"
    (func $register (param i32 i32 i32 i32 i32 i32)))
  (import "astrid:uplink/host@1.0.0" "uplink-send"
    (func $send (param i32 i32 i32 i32 i32 i32 i32)))
  (func $case
    (call $register (@text "lobby") (@text "pigeon") (i32.const 0) (i32.const 0))
    (call $error (@error "capability-denied") (@text "register"))
    (call $register (@text "") (@text "") (i32.const 0) (i32.const 0))
    (call $error (@error "capability-denied") (@text "register without names"))
    (call $send (@text "lobby") (@text "ann") (@text "hello") (i32.const 0))
    (call $error (@error "capability-denied") (@text "send"))))
