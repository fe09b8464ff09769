
  ;; Memory: addresses below 65536 are the case's own; the page from 65536 on is the prelude's; what
  ;; the host writes (arguments, results of imports) is allocated from 131072 on and never freed.
  (memory (export "memory") 3)
  (data (i32.const 65536) "continuefinaldenyabort")
  (global $heap (mut i32) (i32.const 131072))
  (global $said-bytes (mut i32) (i32.const 0))

  (func $cabi-realloc (export "cabi_realloc")
    (param $old i32) (param $old-bytes i32) (param $align i32) (param $bytes i32) (result i32)
    (local $at i32) (local $missing i32)
    (local.set $at (i32.and
      (i32.add (global.get $heap) (i32.sub (local.get $align) (i32.const 1)))
      (i32.sub (i32.const 0) (local.get $align))))
    (global.set $heap (i32.add (local.get $at) (local.get $bytes)))
    (local.set $missing (i32.sub
      (i32.shr_u (i32.add (global.get $heap) (i32.const 65535)) (i32.const 16))
      (memory.size)))
    (if (i32.gt_s (local.get $missing) (i32.const 0))
      (then (if (i32.eq (memory.grow (local.get $missing)) (i32.const -1)) (then unreachable))))
    (memory.copy (local.get $at) (local.get $old)
      (select (local.get $old-bytes) (local.get $bytes)
        (i32.lt_u (local.get $old-bytes) (local.get $bytes))))
    (local.get $at))

  ;; The answer of a hook: an action word, and data when `some` is 1.
  (func $answer (param $word i32) (param $word-bytes i32)
    (param $some i32) (param $data i32) (param $data-bytes i32) (result i32)
    (i32.store (i32.const 65600) (local.get $word))
    (i32.store (i32.const 65604) (local.get $word-bytes))
    (i32.store8 (i32.const 65608) (local.get $some))
    (i32.store (i32.const 65612) (local.get $data))
    (i32.store (i32.const 65616) (local.get $data-bytes))
    (i32.const 65600))
  (func $continue (param $data i32) (param $data-bytes i32) (result i32)
    (call $answer (i32.const 65536) (i32.const 8)
      (i32.const 1) (local.get $data) (local.get $data-bytes)))
  (func $continue-empty (result i32)
    (call $answer (i32.const 65536) (i32.const 8) (i32.const 0) (i32.const 0) (i32.const 0)))
  (func $final (param $data i32) (param $data-bytes i32) (result i32)
    (call $answer (i32.const 65544) (i32.const 5)
      (i32.const 1) (local.get $data) (local.get $data-bytes)))
  (func $deny (param $data i32) (param $data-bytes i32) (result i32)
    (call $answer (i32.const 65549) (i32.const 4)
      (i32.const 1) (local.get $data) (local.get $data-bytes)))
  (func $abort (param $data i32) (param $data-bytes i32) (result i32)
    (call $answer (i32.const 65553) (i32.const 5)
      (i32.const 1) (local.get $data) (local.get $data-bytes)))

  ;; Whether two byte strings are equal.
  (func $same (param $a i32) (param $a-bytes i32) (param $b i32) (param $b-bytes i32) (result i32)
    (if (i32.ne (local.get $a-bytes) (local.get $b-bytes)) (then (return (i32.const 0))))
    (loop $next
      (if (i32.eqz (local.get $a-bytes)) (then (return (i32.const 1))))
      (local.set $a-bytes (i32.sub (local.get $a-bytes) (i32.const 1)))
      (br_if $next (i32.eq
        (i32.load8_u (i32.add (local.get $a) (local.get $a-bytes)))
        (i32.load8_u (i32.add (local.get $b) (local.get $a-bytes))))))
    (i32.const 0))

  ;; A text of at most 32 KiB that is put together piece by piece; `$said` answers with it.
  (func $say (param $data i32) (param $data-bytes i32)
    (if (i32.gt_u (i32.add (global.get $said-bytes) (local.get $data-bytes)) (i32.const 32768))
      (then unreachable))
    (memory.copy (i32.add (i32.const 98304) (global.get $said-bytes))
      (local.get $data) (local.get $data-bytes))
    (global.set $said-bytes (i32.add (global.get $said-bytes) (local.get $data-bytes))))
  (func $say-number (param $number i64)
    (local $at i32)
    (local.set $at (i32.const 65664))
    (loop $next
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i64.store8 (local.get $at)
        (i64.add (i64.const 48) (i64.rem_u (local.get $number) (i64.const 10))))
      (local.set $number (i64.div_u (local.get $number) (i64.const 10)))
      (br_if $next (i64.ne (local.get $number) (i64.const 0))))
    (call $say (local.get $at) (i32.sub (i32.const 65664) (local.get $at))))
  (func $said (result i32)
    (call $continue (i32.const 98304) (global.get $said-bytes)))
