;;! interface = "ipc"
;;! covers = ["get-interceptor-bindings"]
;;! phase = "run"
;;! subscribe = ["x"]
;;! handlers = { "a.b" = "greet", "c.*" = "leave" }
;; The handlers of a run loop are listed with their action and their topic under numbers from zero;
;; a pattern without a handler is not.
(module
  (import "astrid:ipc/host@1.0.0" "get-interceptor-bindings" (func $bindings (param i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $binding (param $at i32) (param $id i64)
    (param $action i32) (param $action-bytes i32) (param $topic i32) (param $bytes i32)
    (local.set $at
      (i32.add (i32.load (i32.const 4)) (i32.mul (local.get $at) (i32.const 24))))
    (call $equal (i64.load (local.get $at)) (local.get $id) (@text "the number"))
    (call $text (i32.load offset=8 (local.get $at)) (i32.load offset=12 (local.get $at))
      (local.get $action) (local.get $action-bytes) (@text "the action"))
    (call $text (i32.load offset=16 (local.get $at)) (i32.load offset=20 (local.get $at))
      (local.get $topic) (local.get $bytes) (@text "the topic")))
  (func $case
    (call $bindings (i32.const 0))
    (call $ok (@text "bindings"))
    (call $number (i32.load (i32.const 8)) (i32.const 2) (@text "bindings"))
    (call $binding (i32.const 0) (i64.const 0) (@text "greet") (@text "a.b"))
    (call $binding (i32.const 1) (i64.const 1) (@text "leave") (@text "c.*"))))
