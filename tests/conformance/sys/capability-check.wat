;;! interface = "sys"
;;! covers = ["check-capsule-capability"]
;;! publish = ["a"]
;;! subscribe = ["a"]
;;! capabilities = { uplink = true, net = ["example.com"], fs_read = [] }
;; Whether a capsule's manifest holds a capability can be asked by the id in its messages. An empty
;; list holds nothing, and neither does an unknown capsule, an id that is none, or an unknown name.
(module
  (import "astrid:sys/host@1.0.0" "check-capsule-capability"
    (func $holds (param i32 i32 i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.poll" (func $take (param i32 i32)))
  (func $holds-it (param $id i32) (param $bytes i32)
    (param $name i32) (param $name-bytes i32) (param $wanted i32)
    (call $holds (local.get $id) (local.get $bytes)
      (local.get $name) (local.get $name-bytes) (i32.const 0))
    (call $ok (local.get $name) (local.get $name-bytes))
    (call $number (i32.load8_u (i32.const 4)) (local.get $wanted)
      (local.get $name) (local.get $name-bytes)))
  (func $case
    (local $id i32)
    (call $subscribe (@text "a") (i32.const 0))
    (i32.store (i32.const 512) (i32.load (i32.const 4)))
    (call $publish (@text "a") (@text "1") (i32.const 0))
    (call $take (i32.load (i32.const 512)) (i32.const 0))
    (local.set $id (i32.load offset=16 (i32.load (i32.const 8))))
    (call $holds-it (local.get $id) (i32.const 36) (@text "uplink") (i32.const 1))
    (call $holds-it (local.get $id) (i32.const 36) (@text "net") (i32.const 1))
    (call $holds-it (local.get $id) (i32.const 36) (@text "fs_read") (i32.const 0))
    (call $holds-it (local.get $id) (i32.const 36) (@text "fs_write") (i32.const 0))
    (call $holds-it (local.get $id) (i32.const 36) (@text "telepathy") (i32.const 0))
    (call $holds-it (local.get $id) (i32.const 36) (@text "") (i32.const 0))
    (call $holds-it (@text "00000000-0000-0000-0000-000000000007") (@text "uplink") (i32.const 0))
    (call $holds-it (@text "not an id") (@text "uplink") (i32.const 0))
    (call $holds-it (@text "") (@text "uplink") (i32.const 0))))
