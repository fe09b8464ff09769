;;! interface = "sys"
;;! covers = ["check-capsule-capability"]
;;! caller = "verified"
;;! capabilities = { net = ["example.com"] }
;;! neighbour = { uplink = true, fs_read = ["*"], kv = [] }
;; Whether the capsule that sent a message holds something is asked by the id in the message, and does not
;; depend on what the asking one holds.
(module
  (import "astrid:sys/host@1.0.0" "get-caller" (func $caller (param i32)))
  (import "astrid:sys/host@1.0.0" "check-capsule-capability"
    (func $holds (param i32 i32 i32 i32 i32)))
  (func $holds-it (param $name i32) (param $bytes i32) (param $wanted i32)
    (call $holds (i32.const 1024) (i32.const 36) (local.get $name) (local.get $bytes) (i32.const 0))
    (call $ok (local.get $name) (local.get $bytes))
    (call $number (i32.load8_u (i32.const 4)) (local.get $wanted)
      (local.get $name) (local.get $bytes)))
  (func $case
    (call $caller (i32.const 0))
    (call $ok (@text "get-caller"))
    (call $number (i32.load (i32.const 20)) (i32.const 36) (@text "letters of the source id"))
    (memory.copy (i32.const 1024) (i32.load (i32.const 16)) (i32.const 36))
    (call $holds-it (@text "uplink") (i32.const 1))
    (call $holds-it (@text "fs_read") (i32.const 1))
    (call $holds-it (@text "net") (i32.const 0))
    (call $holds-it (@text "kv") (i32.const 0))))
