;; A trap is named, with a backtrace and the fuel so far as a lower bound.
;;
;; FAIL(6): invoke %capsule unreachable
;; FAIL(6)[divide]: invoke %capsule d
;; FAIL(6)[json]: invoke %capsule unreachable --json
(module
  (func (export "astrid-hook-trigger") (param $action i32) (param i32 i32 i32) (result i32)
    (if (i32.eq (i32.load8_u (local.get $action)) (i32.const 100))
      (then (return (i32.div_u (i32.const 1) (i32.const 0)))))
    (call $fall))
  (func $fall (result i32) unreachable))
