;;! interface = "uplink"
;;! covers = ["uplink-register", "uplink-send", "quota"]
;;! capabilities = { uplink = true }
;;! fresh-only = "registrations last as long as the instance"
;; An instance registers 32 connections and no more, and 128 messages wait for whoever takes them:
;; the next one is answered with `false`, over whichever connection it comes.
(module
  (import "astrid:uplink/host@1.0.0" "uplink-register"
    (func $register (param i32 i32 i32 i32 i32 i32)))
  (import "astrid:uplink/host@1.0.0" "uplink-send"
    (func $send (param i32 i32 i32 i32 i32 i32 i32)))
  (func $send-one (param $id i32) (param $taken i32)
    (call $send (local.get $id) (i32.const 36) (@text "ann") (@text "hello") (i32.const 0))
    (call $ok (@text "send"))
    (call $number (i32.load8_u (i32.const 4)) (local.get $taken) (@text "whether it was taken")))
  (func $case
    (local $count i32) (local $first i32) (local $last i32)
    (loop $more
      (call $four-digits (i32.const 100) (local.get $count))
      (call $register (i32.const 100) (i32.const 4) (@text "pigeon") (i32.const 0) (i32.const 0))
      (call $ok (@text "register"))
      (local.set $last (i32.load (i32.const 4)))
      (if (i32.eqz (local.get $count)) (then (local.set $first (local.get $last))))
      (local.set $count (i32.add (local.get $count) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $count) (i32.const 32))))
    (call $register (@text "more") (@text "pigeon") (i32.const 0) (i32.const 0))
    (call $error (@error "quota") (@text "the 33rd"))
    (call $register (i32.const 100) (i32.const 4) (@text "pigeon") (i32.const 0) (i32.const 0))
    (call $error (@error "quota") (@text "one that is there already"))
    (local.set $count (i32.const 0))
    (loop $more
      (call $send-one (local.get $first) (i32.const 1))
      (local.set $count (i32.add (local.get $count) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $count) (i32.const 128))))
    (call $register (@text " ") (@text "pigeon") (i32.const 0) (i32.const 0))
    (call $error (@error "invalid-input") (@text "a blank name when there is no room"))
    (call $send (@text "01234567-89ab-4cde-8f01-23456789abcd") (@text "ann") (@text "hello")
      (i32.const 0))
    (call $error (@error "unknown-uplink") (@text "an id of nobody when there is no room"))
    (call $send-one (local.get $first) (i32.const 0))
    (call $send-one (local.get $last) (i32.const 0))))
