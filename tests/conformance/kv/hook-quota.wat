;;! interface = "kv"
;;! covers = ["kv-set", "quota"]
;;! phase = "install"
;;! fresh-only = "what one run of a hook wrote counts towards the next until it is committed"
;;! default-only = "hooks run for `default` only, and so only its writes wait"
;; What an install hook writes waits for the commit, and at most 64 MiB can wait.
(module
  (import "astrid:kv/host@1.0.0" "kv-set" (func $set (param i32 i32 i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-get" (func $get (param i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (data (i32.const 128) "k0000")
  (func $case
    (local $n i32)
    (local $value i32)
    (local.set $value (call $room (i32.const 1048576) (i32.const 120)))
    (loop $next
      (call $four-digits (i32.const 129) (local.get $n))
      (call $set (i32.const 128) (i32.const 5)
        (local.get $value) (i32.const 1048576) (i32.const 0))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $next (i32.and
        (i32.eqz (i32.load8_u (i32.const 0))) (i32.lt_u (local.get $n) (i32.const 70)))))
    (call $error (@error "quota") (@text "more than 64 MiB"))
    (call $number (local.get $n) (i32.const 64) (@text "the value that is refused"))
    (call $get (@text "k0062") (i32.const 0))
    (call $number (i32.load (i32.const 12)) (i32.const 1048576) (@text "what was accepted stays"))))
