;;! interface = "sys"
;;! covers = ["log"]
;;! phase = "run"
;;! ready = false
;; A run loop that ends without a signal never was ready.
(module
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $case))
