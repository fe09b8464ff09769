;;! interface = "kv"
;;! covers = ["kv-list-keys-page"]
;;! keys = 1030
;; A page has at most 1024 keys; a limit of 0 or above 1024 means 1024.
(module
  (import "astrid:kv/host@1.0.0" "kv-list-keys-page"
    (func $page (param i32 i32 i32 i32 i32 i32 i32)))
  (func $full (param $limit i32)
    (call $page (@text "k") (i32.const 0) (i32.const 0) (i32.const 0)
      (local.get $limit) (i32.const 0))
    (call $ok (@text "page"))
    (call $number (i32.load (i32.const 8)) (i32.const 1024) (@text "keys in a page"))
    (call $number (i32.load8_u (i32.const 12)) (i32.const 1) (@text "there is a next page"))
    (call $text (i32.load (i32.const 16)) (i32.load (i32.const 20)) (@text "k1023")
      (@text "the cursor")))
  (func $case
    (call $full (i32.const 0))
    (call $full (i32.const 1024))
    (call $full (i32.const 1025))
    (call $full (i32.const -1))
    (call $page (@text "k") (i32.const 1) (@text "k1023") (i32.const 0) (i32.const 0))
    (call $number (i32.load (i32.const 8)) (i32.const 6) (@text "keys in the last page"))
    (call $number (i32.load8_u (i32.const 12)) (i32.const 0) (@text "there is no next page"))))
