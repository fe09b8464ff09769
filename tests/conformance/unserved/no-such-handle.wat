;;! interface = "unserved"
;;! expect = "trap host: unknown handle index 7"
;; No handle to an unserved resource exists. Whoever makes one up for a function that has no error to
;; answer with is stopped.
(module
  (import "astrid:http/host@1.1.0" "[method]http-stream.status"
    (func $status (param i32) (result i32)))
  (func $case
    (drop (call $status (i32.const 7)))))
