;;! interface = "io/poll"
;;! covers = ["poll", "invalid-input"]
;; Nothing to wait for is an error, not an endless wait.
(module
  (import "astrid:io/poll@1.0.0" "poll" (func $poll (param i32 i32 i32)))
  (func $case
    (call $poll (i32.const 0) (i32.const 0) (i32.const 0))
    (call $error (@error "invalid-input") (@text "an empty list"))))
