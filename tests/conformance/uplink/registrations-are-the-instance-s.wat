;;! interface = "uplink"
;;! covers = ["uplink-register"]
;;! capabilities = { uplink = true }
;;! fresh-only = "registrations last as long as the instance"
;;! anew = true
;; A registration is gone with its instance: another one does not know its id, and may use its name.
(module
  (import "astrid:uplink/host@1.0.0" "uplink-register"
    (func $register (param i32 i32 i32 i32 i32 i32)))
  (import "astrid:uplink/host@1.0.0" "uplink-send"
    (func $send (param i32 i32 i32 i32 i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-get" (func $get (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-set" (func $set (param i32 i32 i32 i32 i32)))
  (func $case
    (call $get (@text "id") (i32.const 0))
    (if (i32.load8_u (i32.const 4))
      (then
        (call $send (i32.load (i32.const 8)) (i32.const 36) (@text "ann") (@text "hello")
          (i32.const 0))
        (call $error (@error "unknown-uplink") (@text "the id of an instance that is gone"))))
    (call $register (@text "lobby") (@text "pigeon") (i32.const 0) (i32.const 0))
    (call $ok (@text "register"))
    (call $set (@text "id") (i32.load (i32.const 4)) (i32.load (i32.const 8)) (i32.const 0))
    (call $ok (@text "set"))))
