;;! interface = "ipc"
;;! covers = ["publish", "publish-as", "subscribe", "capability-denied"]
;; Without tables in its manifest a capsule neither publishes nor receives.
(module
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "publish-as"
    (func $publish-as (param i32 i32 i32 i32 i32 i32 i32)))
  (func $case
    (call $publish (@text "a") (@text "1") (i32.const 0))
    (call $error (@error "capability-denied") (@text "publish"))
    (call $publish-as (@text "a") (@text "1") (@text "not a principal!") (i32.const 0))
    (call $error (@error "capability-denied") (@text "publish-as"))
    (call $subscribe (@text "a") (i32.const 0))
    (call $error (@error "capability-denied") (@text "subscribe"))))
