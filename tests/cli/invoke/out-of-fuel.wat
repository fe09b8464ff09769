;; A guest that computes without end stops when its fuel is used up.
;;
;; FAIL(7): invoke %capsule spin --fuel 100000
;; FAIL(7)[json]: invoke %capsule spin --fuel 100000 --json
;; FAIL(2)[no-number]: invoke %capsule spin --fuel much
(module
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (loop $forever (br $forever))
    unreachable))
