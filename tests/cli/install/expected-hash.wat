;; Another binary than the expected one is refused before anything is written.
;;
;; FAIL(5): install %capsule --yes --expect-hash 0000000000000000000000000000000000000000000000000000000000000000
;; FAIL(2)[malformed]: install %capsule --yes --expect-hash 1234
;; RUN[list]: list
(module
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))
