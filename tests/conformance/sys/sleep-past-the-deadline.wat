;;! interface = "sys"
;;! covers = ["sleep-ns"]
;;! real-time = true
;;! timeout-ms = 100
;;! expect = "deadline 0.1 s"
;; A sleep does not outlive its call: the guest is stopped at the deadline.
(module
  (import "astrid:sys/host@1.0.0" "sleep-ns" (func $sleep (param i64 i32)))
  (func $case
    (call $sleep (i64.const 50000000000) (i32.const 0))))
