;;! interface = "identity"
;;! covers = ["identity-resolve"]
;;! capabilities = { identity = ["resolve"] }
;; Whoever sits at the machine is there from the beginning, as the user `root`.
(module
  (import "astrid:identity/host@1.0.0" "identity-resolve" (func $resolve (param i32 i32 i32 i32 i32)))
  (func $case
    (call $resolve (@text "cli") (@text "local") (i32.const 0))
    (call $ok (@text "somebody"))
    (call $number (i32.load (i32.const 8)) (i32.const 36) (@text "the length of the id"))
    (call $text (i32.load (i32.const 16)) (i32.load (i32.const 20)) (@text "root")
      (@text "the name"))))
