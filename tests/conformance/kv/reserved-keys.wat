;;! interface = "kv"
;;! covers = ["kv-set", "kv-get", "kv-list-keys", "invalid-key"]
;;! settings = { default = { colour = "red" }, other = { colour = "green" } }
;;! secrets = { default = { token = "t" }, other = { token = "u" } }
;; Settings and secrets are no keys, and keys that begin like the host's own cannot be written.
(module
  (import "astrid:kv/host@1.0.0" "kv-set" (func $set (param i32 i32 i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-get" (func $get (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-list-keys" (func $list (param i32 i32 i32)))
  (func $case
    (call $set (@text "__secret:token") (@text "stolen") (i32.const 0))
    (call $error (@error "invalid-key") (@text "a reserved key is not written"))
    (call $get (@text "__secret:token") (i32.const 0))
    (call $ok (@text "a reserved key is absent"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "a secret is no value"))
    (call $list (@text "") (i32.const 0))
    (call $ok (@text "list"))
    (call $number (i32.load (i32.const 8)) (i32.const 0) (@text "there is no key"))))
