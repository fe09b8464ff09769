;; Counts the primes below 65536 with a sieve of bytes: loads, stores and short loops, which is what
;; instrumentation costs most in.
(module
  (memory 1)
  (func (export "count") (result i32)
    (local $number i32) (local $multiple i32) (local $count i32)
    (memory.fill (i32.const 0) (i32.const 0) (i32.const 65536))
    (local.set $number (i32.const 2))
    (loop $numbers
      (if (i32.eqz (i32.load8_u (local.get $number)))
        (then
          (local.set $count (i32.add (local.get $count) (i32.const 1)))
          (local.set $multiple (i32.add (local.get $number) (local.get $number)))
          (block $done
            (loop $multiples
              (br_if $done (i32.ge_u (local.get $multiple) (i32.const 65536)))
              (i32.store8 (local.get $multiple) (i32.const 1))
              (local.set $multiple (i32.add (local.get $multiple) (local.get $number)))
              (br $multiples)))))
      (local.set $number (i32.add (local.get $number) (i32.const 1)))
      (br_if $numbers (i32.lt_u (local.get $number) (i32.const 65536))))
    (local.get $count)))
