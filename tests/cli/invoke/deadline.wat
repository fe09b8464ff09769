;; A guest that computes for too long stops at the deadline.
;;
;; FAIL(8): invoke %capsule spin --timeout 200ms
;; FAIL(8)[sleeping]: invoke %capsule wait --timeout 200ms
;; FAIL(2)[no-duration]: invoke %capsule spin --timeout soon
(module
  (import "astrid:sys/host@1.0.0" "sleep-ns" (func $sleep (param i64 i32)))
  (func (export "astrid-hook-trigger") (param $action i32) (param i32 i32 i32) (result i32)
    (if (i32.eq (i32.load8_u (local.get $action)) (i32.const 119)) ;; w
      (then (call $sleep (i64.const 50000000000) (i32.const 0))))
    (loop $forever (br $forever))
    unreachable))
