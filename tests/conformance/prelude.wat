
  ;; The second prelude: what a case of tests/conformance says with. A check that fails adds its text
  ;; to the answer and goes on; a case without such a text answers `ok`.

  (func $check (param $holds i32) (param $text i32) (param $bytes i32)
    (if (i32.eqz (local.get $holds))
      (then (call $complain (local.get $text) (local.get $bytes)))))
  (func $complain (param $text i32) (param $bytes i32)
    (if (global.get $said-bytes) (then (call $say (@text "; "))))
    (call $say (local.get $text) (local.get $bytes)))

  ;; The result at address 0 is the `ok` arm.
  (func $ok (param $text i32) (param $bytes i32)
    (if (i32.load8_u (i32.const 0))
      (then
        (call $complain (local.get $text) (local.get $bytes))
        (call $say (@text " (got an error)")))))

  ;; The result at address 0 is this case of the error. `$error` is for results whose arms start at
  ;; byte 4, `$error-8` for those with a 64-bit number in them.
  (func $error (param $case i32) (param $text i32) (param $bytes i32)
    (call $error-at (i32.const 4) (local.get $case) (local.get $text) (local.get $bytes)))
  (func $error-8 (param $case i32) (param $text i32) (param $bytes i32)
    (call $error-at (i32.const 8) (local.get $case) (local.get $text) (local.get $bytes)))
  (func $error-at (param $at i32) (param $case i32) (param $text i32) (param $bytes i32)
    (if (i32.eqz (i32.load8_u (i32.const 0)))
      (then
        (call $complain (local.get $text) (local.get $bytes))
        (call $say (@text " (got ok)"))
        (return)))
    (if (i32.ne (i32.load8_u (local.get $at)) (local.get $case))
      (then
        (call $complain (local.get $text) (local.get $bytes))
        (call $say (@text " (got error case "))
        (call $say-number (i64.extend_i32_u (i32.load8_u (local.get $at))))
        (call $say (@text ")")))))

  ;; Two numbers, or two texts, are equal. The first is what there is; it is shown when it is not.
  (func $equal (param $is i64) (param $wanted i64) (param $text i32) (param $bytes i32)
    (if (i64.ne (local.get $is) (local.get $wanted))
      (then
        (call $complain (local.get $text) (local.get $bytes))
        (call $say (@text " (got "))
        (call $say-number (local.get $is))
        (call $say (@text ")")))))
  (func $number (param $is i32) (param $wanted i32) (param $text i32) (param $bytes i32)
    (call $equal (i64.extend_i32_u (local.get $is)) (i64.extend_i32_u (local.get $wanted))
      (local.get $text) (local.get $bytes)))
  (func $text (param $is i32) (param $is-bytes i32) (param $wanted i32) (param $wanted-bytes i32)
    (param $text i32) (param $bytes i32)
    (if (i32.eqz (call $same (local.get $is) (local.get $is-bytes)
        (local.get $wanted) (local.get $wanted-bytes)))
      (then
        (call $complain (local.get $text) (local.get $bytes))
        (call $say (@text " (got \""))
        (call $say (local.get $is)
          (select (local.get $is-bytes) (i32.const 200)
            (i32.lt_u (local.get $is-bytes) (i32.const 200))))
        (call $say (@text "\")")))))

  ;; Memory for a case's own use, filled with one byte.
  (func $room (param $bytes i32) (param $fill i32) (result i32)
    (local $at i32)
    (local.set $at (call $cabi-realloc
      (i32.const 0) (i32.const 0) (i32.const 8) (local.get $bytes)))
    (memory.fill (local.get $at) (local.get $fill) (local.get $bytes))
    (local.get $at))

  ;; Writes a number of four digits.
  (func $four-digits (param $at i32) (param $number i32)
    (i32.store8 (local.get $at)
      (i32.add (i32.const 48) (i32.div_u (local.get $number) (i32.const 1000))))
    (i32.store8 offset=1 (local.get $at) (i32.add (i32.const 48)
      (i32.rem_u (i32.div_u (local.get $number) (i32.const 100)) (i32.const 10))))
    (i32.store8 offset=2 (local.get $at) (i32.add (i32.const 48)
      (i32.rem_u (i32.div_u (local.get $number) (i32.const 10)) (i32.const 10))))
    (i32.store8 offset=3 (local.get $at) (i32.add (i32.const 48)
      (i32.rem_u (local.get $number) (i32.const 10)))))

  ;; On whose behalf an interceptor runs: the runner hands over the name as the payload.
  (global $who (mut i32) (i32.const 0))
  (global $who-bytes (mut i32) (i32.const 0))

  (func $judge
    (global.set $said-bytes (i32.const 0))
    (call $case)
    (if (i32.eqz (global.get $said-bytes)) (then (call $say (@text "ok")))))
