;;! interface = "sys"
;;! covers = ["get-config"]
;;! env = { own = { type = "secret" }, shared = { type = "secret" }, both = { type = "secret" }, file = { type = "secret" }, none = { type = "secret" }, plain = { type = "string", default = "p" } }
;;! settings = { default = { file = "from the env file" }, other = { file = "from the env file" } }
;;! secrets = { default = { own = "1", both = "2", plain = "s" }, other = { own = "1", both = "2", plain = "s" }, __host__ = { shared = "3", both = "4" } }
;; A key that the manifest declares secret has the principal's secret, else the shared one, and no
;; other source. A key that it does not declare secret never has a secret.
(module
  (import "astrid:sys/host@1.0.0" "get-config" (func $config (param i32 i32 i32)))
  (func $absent (param $key i32) (param $bytes i32)
    (call $config (local.get $key) (local.get $bytes) (i32.const 0))
    (call $ok (local.get $key) (local.get $bytes))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (local.get $key) (local.get $bytes)))
  (func $is (param $key i32) (param $bytes i32) (param $wanted i32) (param $wanted-bytes i32)
    (call $config (local.get $key) (local.get $bytes) (i32.const 0))
    (call $ok (local.get $key) (local.get $bytes))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 1) (local.get $key) (local.get $bytes))
    (call $text (i32.load (i32.const 8)) (i32.load (i32.const 12))
      (local.get $wanted) (local.get $wanted-bytes) (local.get $key) (local.get $bytes)))
  (func $case
    (call $is (@text "own") (@text "1"))
    (call $is (@text "shared") (@text "3"))
    (call $is (@text "both") (@text "2"))
    (call $absent (@text "file"))
    (call $absent (@text "none"))
    (call $is (@text "plain") (@text "p"))))
