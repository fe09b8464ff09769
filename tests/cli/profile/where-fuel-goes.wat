;; A profile tells where the fuel of a call goes, function by function and path by path, to the unit. A
;; host call is a leaf, below which is only what the host has run in the capsule to answer it.
;;
;; RUN[text]: profile %capsule a
;; RUN[top]: profile %capsule a --top 2
;; RUN[all]: profile %capsule a --top 0
;; RUN[collapsed]: profile %capsule a --format collapsed
;; RUN[json]: profile %capsule a --json
;; RUN[speedscope]: profile %capsule a --format speedscope
;; RUN[file]: profile %capsule a --output flames.svg
;; RUN[both]: profile %capsule a -o flames.json --json --quiet
;; FAIL(2)[two-documents]: profile %capsule a --json --format svg
;; FAIL(10)[unwritable]: profile %capsule a -o nowhere/flames.svg
(module
  (import "astrid:sys/host@1.0.0" "random-bytes" (func $random (param i64 i32)))
  (func $work (param $rounds i32)
    (loop $more
      (local.set $rounds (i32.sub (local.get $rounds) (i32.const 1)))
      (br_if $more (local.get $rounds))))
  (func $twice
    (call $work (i32.const 100))
    (call $work (i32.const 50)))
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $twice)
    (call $work (i32.const 7))
    (call $random (i64.const 16) (i32.const 64))
    (call $continue-empty)))
