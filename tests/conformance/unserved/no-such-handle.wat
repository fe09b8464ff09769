;;! interface = "unserved"
;;! expect = "trap host: unknown handle index 7"
;; No handle to an unserved resource exists. Whoever makes one up for a function that has no error to
;; answer with is stopped.
(module
  (import "astrid:net/host@1.0.0" "[method]udp-socket.subscribe-readable"
    (func $subscribe (param i32) (result i32)))
  (func $case
    (drop (call $subscribe (i32.const 7)))))
