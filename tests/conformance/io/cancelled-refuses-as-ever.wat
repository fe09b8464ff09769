;;! interface = "io/poll"
;;! covers = ["invalid-input", "too-large", "cancelled", "pollable.ready"]
;;! publish = ["a"]
;;! subscribe = ["a"]
;;! now = [{ cancel = true }]
;; What nobody could ever wait for is refused as such, also while a capsule is being unloaded; and asking
;; whether something is ready is no wait.
(module
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.subscribe-readiness"
    (func $readiness (param i32) (result i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (import "astrid:io/poll@1.0.0" "poll" (func $poll (param i32 i32 i32)))
  (import "astrid:io/poll@1.0.0" "[method]pollable.ready" (func $ready (param i32) (result i32)))
  (func $case
    (local $pollable i32) (local $n i32)
    (call $subscribe (@text "a") (i32.const 0))
    (call $ok (@text "subscribe"))
    (local.set $pollable (call $readiness (i32.load (i32.const 4))))
    (loop $next
      (i32.store (i32.add (i32.const 1024) (i32.mul (local.get $n) (i32.const 4)))
        (local.get $pollable))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $n) (i32.const 257))))
    (call $publish (@text "a") (@text "1") (i32.const 0))
    (call $log (i32.const 0) (@text "now"))
    (call $poll (i32.const 0) (i32.const 0) (i32.const 0))
    (call $error (@error "invalid-input") (@text "an empty list"))
    (call $poll (i32.const 1024) (i32.const 257) (i32.const 0))
    (call $error (@error "too-large") (@text "257 pollables"))
    (call $number (call $ready (local.get $pollable)) (i32.const 1) (@text "what is ready is"))
    (call $poll (i32.const 1024) (i32.const 256) (i32.const 0))
    (call $error (@error "cancelled") (@text "256 pollables"))))
