;;! interface = "process"
;;! with = "sh"
;;! covers = ["spawn", "capability-denied"]
;;! phase = "install"
;;! real-time = true
;;! capabilities = { host_process = ["sh"] }
;; A lifecycle hook runs the programs that the manifest names, and no others.
(module
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $case
    (call $sh (@text "echo hello"))
    (call $prints (@text "hello\n") (@text "a program that is granted"))
    (call $put (i32.const 1024) (@text "ls"))
    (call $refused (@error "capability-denied") (@text "one that is not"))))
