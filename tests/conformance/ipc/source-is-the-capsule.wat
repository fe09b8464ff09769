;;! interface = "ipc"
;;! covers = ["publish", "subscription.poll"]
;;! publish = ["a"]
;;! subscribe = ["a"]
;; Where a message comes from is told by a random id in lower case, the same in all messages of a
;; capsule, for whomever it acts.
(module
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.poll" (func $take (param i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[resource-drop]subscription" (func $drop-one (param i32)))
  ;; A hyphen after 8, 13, 18 and 23 digits, the version after the second and digits elsewhere.
  (func $is-right (param $place i32) (param $letter i32) (result i32)
    (if (i32.or (i32.or (i32.eq (local.get $place) (i32.const 8))
        (i32.eq (local.get $place) (i32.const 13)))
      (i32.or (i32.eq (local.get $place) (i32.const 18))
        (i32.eq (local.get $place) (i32.const 23))))
      (then (return (i32.eq (local.get $letter) (i32.const 45)))))
    (if (i32.eq (local.get $place) (i32.const 14))
      (then (return (i32.eq (local.get $letter) (i32.const 52)))))
    (i32.or
      (i32.lt_u (i32.sub (local.get $letter) (i32.const 48)) (i32.const 10))
      (i32.lt_u (i32.sub (local.get $letter) (i32.const 97)) (i32.const 6))))
  (func $case
    (local $subscription i32) (local $id i32) (local $place i32) (local $message i32)
    (call $subscribe (@text "a") (i32.const 0))
    (call $ok (@text "subscribe"))
    (local.set $subscription (i32.load (i32.const 4)))
    (call $publish (@text "a") (@text "1") (i32.const 0))
    (call $publish (@text "a") (@text "2") (i32.const 0))
    (call $take (local.get $subscription) (i32.const 0))
    (call $number (i32.load (i32.const 12)) (i32.const 2) (@text "messages"))
    (local.set $message (i32.load (i32.const 8)))
    (local.set $id (i32.load offset=16 (local.get $message)))
    (call $number (i32.load offset=20 (local.get $message)) (i32.const 36) (@text "letters"))
    (loop $next
      (call $check (call $is-right (local.get $place)
          (i32.load8_u (i32.add (local.get $id) (local.get $place))))
        (@text "a letter in its place"))
      (local.set $place (i32.add (local.get $place) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $place) (i32.const 36))))
    (local.set $message (i32.add (local.get $message) (i32.const 36)))
    (call $text (i32.load offset=16 (local.get $message)) (i32.const 36)
      (local.get $id) (i32.const 36) (@text "the id in the second message"))
    (call $drop-one (local.get $subscription))))
