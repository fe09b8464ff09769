;;! interface = "process"
;;! covers = ["read-since", "wait-timeout"]
;;! real-time = true
;;! capabilities = { host_process = ["sh"], allow_persistent = true }
;; A program whose output is not to be lost waits until somebody reads it.
(module
  (import "astrid:process/host@1.1.0" "spawn-persistent" (func $persistent (param i32 i32)))
  (import "astrid:process/host@1.1.0" "read-since"
    (func $read-since (param i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "astrid:process/host@1.1.0" "wait" (func $wait (param i32 i32 i64 i32)))
  (import "astrid:process/host@1.1.0" "release-process" (func $release (param i32 i32 i32)))
  ;; A request for `sh -c` with this script, at address 1024; its arguments are at 1280.
  (func $sh (param $script i32) (param $bytes i32)
    (memory.fill (i32.const 1024) (i32.const 0) (i32.const 512))
    (call $put (i32.const 1024) (@text "sh"))
    (i32.store (i32.const 1032) (i32.const 1280))
    (i32.store (i32.const 1036) (i32.const 2))
    (call $put (i32.const 1280) (@text "-c"))
    (call $put (i32.const 1288) (local.get $script) (local.get $bytes)))
  (func $put (param $at i32) (param $text i32) (param $bytes i32)
    (i32.store (local.get $at) (local.get $text))
    (i32.store offset=4 (local.get $at) (local.get $bytes)))
  ;; Starts what is asked for to stay, under the id that `$id` gives.
  (global $kept (mut i32) (i32.const 0))
  (func $id (result i32 i32)
    (i32.load (global.get $kept)) (i32.load offset=4 (global.get $kept)))
  (func $keep
    (global.set $kept (call $room (i32.const 8) (i32.const 0)))
    (call $persistent (i32.const 1024) (i32.const 0))
    (call $ok (@text "spawn-persistent"))
    (call $number (i32.load (i32.const 8)) (i32.const 52) (@text "the length of an id"))
    (call $put (global.get $kept) (i32.load (i32.const 4)) (i32.load (i32.const 8))))
  ;; The `exit-info` at this address says that there was a code, or a signal.
  (func $code (param $at i32) (param $code i32) (param $text i32) (param $bytes i32)
    (call $number (i32.load8_u (local.get $at)) (i32.const 1) (local.get $text) (local.get $bytes))
    (call $number (i32.load offset=4 (local.get $at)) (local.get $code)
      (local.get $text) (local.get $bytes))
    (call $number (i32.load8_u offset=8 (local.get $at)) (i32.const 0)
      (local.get $text) (local.get $bytes)))
  (func $case
    (local $at i32) (local $seen i32)
    (call $sh (@text "head -c 30000 /dev/zero"))
    (i32.store (i32.const 1152) (i32.const 1))
    (i32.store (i32.const 1156) (i32.const 4096))
    (i32.store16 (i32.const 1150) (i32.const 257))
    (call $keep)
    (call $wait (call $id) (i64.const 100) (i32.const 0))
    (call $error (@error "wait-timeout") (@text "nobody reads"))
    (call $read-since (call $id) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.const 10000) (i32.const 0))
    (loop $more
      (call $ok (@text "read-since"))
      (call $equal (i64.load (i32.const 32)) (i64.const 0) (@text "nothing is lost"))
      (local.set $seen (i32.add (local.get $seen) (i32.load (i32.const 12))))
      (local.set $at (i32.load (i32.const 20)))
      (if (i32.eqz (i32.load8_u (i32.const 40)))
        (then
          (call $read-since (call $id) (i32.const 0) (i32.const 1) (local.get $at) (i32.const 16)
      (i32.const 10000) (i32.const 0))
          (br $more))))
    (call $number (local.get $seen) (i32.const 30000) (@text "all of it"))
    (call $wait (call $id) (i64.const 60000) (i32.const 0))
    (call $code (i32.const 4) (i32.const 0) (@text "how it ended"))
    (call $release (call $id) (i32.const 0))))
