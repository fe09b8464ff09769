;;! interface = "sys"
;;! covers = ["check-capsule-capability", "registry-unavailable"]
;;! phase = "install"
;; In an install hook nothing is known about other capsules, and the answer is that, not a no.
(module
  (import "astrid:sys/host@1.0.0" "check-capsule-capability"
    (func $holds (param i32 i32 i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $case
    (call $holds (@text "00000000-0000-0000-0000-000000000007") (@text "uplink") (i32.const 0))
    (call $error (@error "registry-unavailable") (@text "a capability check"))))
