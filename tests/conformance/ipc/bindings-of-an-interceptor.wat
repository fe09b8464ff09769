;;! interface = "ipc"
;;! covers = ["get-interceptor-bindings"]
;;! handlers = { "a.b" = "greet", "c.*" = "leave" }
;; The handlers of a capsule without a run loop are called, and so the list of them is empty.
(module
  (import "astrid:ipc/host@1.0.0" "get-interceptor-bindings" (func $bindings (param i32)))
  (func $case
    (call $bindings (i32.const 0))
    (call $ok (@text "bindings"))
    (call $number (i32.load (i32.const 8)) (i32.const 0) (@text "bindings"))))
