;;! interface = "approval"
;;! covers = ["request-approval", "invalid-input"]
;; An action has at most 256 characters, counted before blanks around it are taken off. A resource may
;; be of any length.
(module
  (import "astrid:approval/host@1.0.0" "request-approval" (func $request (param i32 i32 i32 i32 i32)))
  (func $case
    (local $long i32)
    (local.set $long (call $room (i32.const 100000) (i32.const 32)))
    (call $request (local.get $long) (i32.const 256) (@text "a") (i32.const 0))
    (call $ok (@text "256 characters"))
    (call $request (local.get $long) (i32.const 257) (@text "a") (i32.const 0))
    (call $error (@error "invalid-input") (@text "257 characters"))
    (call $request (@text "a") (local.get $long) (i32.const 100000) (i32.const 0))
    (call $ok (@text "a long resource"))))
