;;! interface = "uplink"
;;! covers = ["uplink-register", "uplink-send", "capability-denied"]
;;! phase = "install"
;;! capabilities = { uplink = true }
;; In a lifecycle hook nobody takes what would be handed in, so the capability is not there.
(module
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (import "astrid:uplink/host@1.0.0" "uplink-register"
    (func $register (param i32 i32 i32 i32 i32 i32)))
  (import "astrid:uplink/host@1.0.0" "uplink-send"
    (func $send (param i32 i32 i32 i32 i32 i32 i32)))
  (func $case
    (call $register (@text "lobby") (@text "pigeon") (i32.const 0) (i32.const 0))
    (call $error (@error "capability-denied") (@text "register"))
    (call $send (@text "01234567-89ab-4cde-8f01-23456789abcd") (@text "ann") (@text "hello")
      (i32.const 0))
    (call $error (@error "capability-denied") (@text "send"))))
