;; A capsule without an entry in `net_bind` has no socket, and the trace says which line would give it
;; one.
;;
;; RUN: invoke %capsule ask --trace=net
(module
  (import "astrid:net/host@1.0.0" "bind-unix" (func $bind (param i32)))
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $bind (i32.const 0))
    (call $continue-empty)))
