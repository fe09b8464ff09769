;;! interface = "unserved"
;;! expect = "trap host: unknown handle index 7"
;; Questions about a connection are served, but no function hands out a connection yet: whoever makes
;; up a handle to one is stopped.
(module
  (import "astrid:request-context/host@1.0.0" "connection-principal"
    (func $principal (param i32 i32)))
  (func $case
    (call $principal (i32.const 7) (i32.const 0))))
