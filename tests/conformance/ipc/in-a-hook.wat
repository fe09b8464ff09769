;;! interface = "ipc"
;;! covers = ["publish", "subscribe", "capability-denied"]
;;! phase = "install"
;;! publish = ["a"]
;;! subscribe = ["b"]
;; The manifest decides in an install hook, too.
(module
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $case
    (call $publish (@text "a") (@text "1") (i32.const 0))
    (call $ok (@text "publish"))
    (call $publish (@text "b") (@text "1") (i32.const 0))
    (call $error (@error "capability-denied") (@text "publish elsewhere"))
    (call $subscribe (@text "a") (i32.const 0))
    (call $error (@error "capability-denied") (@text "subscribe"))
    (call $subscribe (@text "b") (i32.const 0))
    (call $ok (@text "subscribe to what is declared"))))
