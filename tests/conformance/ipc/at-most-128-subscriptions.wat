;;! interface = "ipc"
;;! covers = ["subscribe", "subscription.drop", "quota"]
;;! subscribe = ["a"]
;; An instance holds 128 subscriptions; dropping one makes room for another.
(module
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[resource-drop]subscription" (func $drop-one (param i32)))
  (func $case
    (local $n i32)
    (loop $next
      (call $subscribe (@text "a") (i32.const 0))
      (call $ok (@text "one of 128"))
      (i32.store (i32.add (i32.const 1024) (i32.mul (local.get $n) (i32.const 4)))
        (i32.load (i32.const 4)))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $n) (i32.const 128))))
    (call $subscribe (@text "a") (i32.const 0))
    (call $error (@error "quota") (@text "the next one"))
    (call $subscribe (@text "b") (i32.const 0))
    (call $error (@error "capability-denied") (@text "one that is not allowed either"))
    (call $drop-one (i32.load (i32.const 1024)))
    (call $subscribe (@text "a") (i32.const 0))
    (call $ok (@text "one in place of another"))
    (i32.store (i32.const 1024) (i32.load (i32.const 4)))
    (loop $next
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (call $drop-one
        (i32.load (i32.add (i32.const 1024) (i32.mul (local.get $n) (i32.const 4)))))
      (br_if $next (local.get $n)))))
