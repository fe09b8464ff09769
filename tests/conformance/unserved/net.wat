;;! interface = "unserved"
;; Functions on the network that are not served yet say so in their own error type, and hand out no
;; handle.
(module
  (import "astrid:net/host@1.0.0" "lookup-host" (func $lookup (param i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "connect-tcp" (func $connect (param i32 i32 i32 i32)))
  (import "astrid:net/host@1.0.0" "bind-unix" (func $bind (param i32)))
  ;; The error at address 0 is `unknown` with the fixed text.
  (func $refused (param $text i32) (param $bytes i32) (param $unknown i32)
    (call $error (local.get $unknown) (local.get $text) (local.get $bytes))
    (call $text (i32.load (i32.const 8)) (i32.load (i32.const 12))
      (@text "not served by this version of capsule") (local.get $text) (local.get $bytes)))
  (func $case
    (call $lookup (@text "localhost") (i32.const 0))
    (call $refused (@text "lookup-host") (i32.const 13))
    (call $connect (@text "localhost") (i32.const 80) (i32.const 0))
    (call $refused (@text "connect-tcp") (i32.const 13))
    (call $bind (i32.const 0))
    (call $refused (@text "bind-unix") (i32.const 13))))
