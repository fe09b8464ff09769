;;! interface = "sys"
;;! covers = ["sleep-ns", "cancelled"]
;;! real-time = true
;;! parked = [{ cancel = true }]
;; A sleep ends with `cancelled` when the capsule is unloaded.
(module
  (import "astrid:sys/host@1.0.0" "sleep-ns" (func $sleep (param i64 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $case
    (call $log (i32.const 0) (@text "parked"))
    (call $sleep (i64.const 50000000000) (i32.const 0))
    (call $error (@error "cancelled") (@text "sleep"))))
