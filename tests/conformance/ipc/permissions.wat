;;! interface = "ipc"
;;! covers = ["publish", "subscribe", "capability-denied"]
;;! publish = ["out.*", "exact"]
;;! subscribe = ["in.*", "one.two"]
;; What is allowed is what a key of the manifest covers. To whoever asks, a `*` is a segment like any
;; other: a key without one does not allow a pattern with one.
(module
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[resource-drop]subscription" (func $drop-one (param i32)))
  (func $may-publish (param $topic i32) (param $bytes i32)
    (call $publish (local.get $topic) (local.get $bytes) (@text "1") (i32.const 0))
    (call $ok (local.get $topic) (local.get $bytes)))
  (func $may-not-publish (param $topic i32) (param $bytes i32)
    (call $publish (local.get $topic) (local.get $bytes) (@text "1") (i32.const 0))
    (call $error (@error "capability-denied") (local.get $topic) (local.get $bytes)))
  (func $may-subscribe (param $pattern i32) (param $bytes i32)
    (call $subscribe (local.get $pattern) (local.get $bytes) (i32.const 0))
    (call $ok (local.get $pattern) (local.get $bytes))
    (call $drop-one (i32.load (i32.const 4))))
  (func $may-not-subscribe (param $pattern i32) (param $bytes i32)
    (call $subscribe (local.get $pattern) (local.get $bytes) (i32.const 0))
    (call $error (@error "capability-denied") (local.get $pattern) (local.get $bytes)))
  (func $case
    (call $may-publish (@text "out.a"))
    (call $may-publish (@text "out.a.b"))
    (call $may-publish (@text "exact"))
    (call $may-not-publish (@text "out"))
    (call $may-not-publish (@text "outer.a"))
    (call $may-not-publish (@text "exact.a"))
    (call $may-not-publish (@text "in.a"))
    (call $may-subscribe (@text "in.a"))
    (call $may-subscribe (@text "in.*"))
    (call $may-subscribe (@text "in.a.*"))
    (call $may-subscribe (@text "one.two"))
    (call $may-not-subscribe (@text "one.*"))
    (call $may-not-subscribe (@text "one.two.*"))
    (call $may-not-subscribe (@text "in"))
    (call $may-not-subscribe (@text "*"))
    (call $may-not-subscribe (@text "out.a"))))
