;;! interface = "elicit"
;;! covers = ["elicit", "has-secret"]
;;! phase = "install"
;;! env = { token = { type = "secret" }, plain = { type = "string", default = "p" } }
;;! answers = { token = "s3cret", plain = "q", undeclared = "r" }
;;! not-replayed = "it compares secrets byte by byte"
;;! fresh-only = "the secret of the first run is there for the second"
;; A secret that was asked for is what a setting of that name reads when the manifest declares it secret,
;; at once, and nothing otherwise. Other answers are stored nowhere.
(module
  (import "astrid:sys/host@1.0.0" "get-config" (func $config (param i32 i32 i32)))
  (import "astrid:elicit/host@1.0.0" "elicit"
    (func $elicit (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "astrid:elicit/host@1.0.0" "has-secret" (func $has (param i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  ;; Asks without options and without a default. The kinds: 0 text, 1 secret, 2 select, 3 array.
  (func $ask (param $kind i32) (param $key i32) (param $bytes i32)
    (call $elicit (local.get $kind) (local.get $key) (local.get $bytes) (@text "")
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.const 0)))
  (func $has-it (param $key i32) (param $bytes i32) (param $wanted i32)
    (call $has (local.get $key) (local.get $bytes) (i32.const 0))
    (call $ok (local.get $key) (local.get $bytes))
    (call $number (i32.load8_u (i32.const 4)) (local.get $wanted)
      (local.get $key) (local.get $bytes)))
  (func $is (param $key i32) (param $bytes i32) (param $wanted i32) (param $wanted-bytes i32)
    (call $config (local.get $key) (local.get $bytes) (i32.const 0))
    (call $ok (local.get $key) (local.get $bytes))
    (call $number (i32.load8_u (i32.const 4)) (i32.ne (local.get $wanted-bytes) (i32.const 0))
      (local.get $key) (local.get $bytes))
    (if (local.get $wanted-bytes)
      (then (call $text (i32.load (i32.const 8)) (i32.load (i32.const 12))
        (local.get $wanted) (local.get $wanted-bytes) (local.get $key) (local.get $bytes)))))
  (func $case
    (call $is (@text "token") (@text ""))
    (call $ask (i32.const 1) (@text "token"))
    (call $ok (@text "a secret"))
    (call $is (@text "token") (@text "s3cret"))
    (call $ask (i32.const 1) (@text "undeclared"))
    (call $ok (@text "a secret that is not declared"))
    (call $has-it (@text "undeclared") (i32.const 1))
    (call $is (@text "undeclared") (@text ""))
    (call $ask (i32.const 0) (@text "plain"))
    (call $ok (@text "a text"))
    (call $is (@text "plain") (@text "p"))
    (call $has-it (@text "plain") (i32.const 0))))
