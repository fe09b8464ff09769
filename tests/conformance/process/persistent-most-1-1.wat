;;! interface = "process"
;;! covers = ["registry-full"]
;;! real-time = true
;;! capabilities = { host_process = ["sh"], allow_persistent = true }
;; There are 32 programs that stay at most, those that have ended included.
(module
  (import "astrid:process/host@1.1.0" "spawn-persistent" (func $persistent (param i32 i32)))
  (import "astrid:process/host@1.1.0" "wait" (func $wait (param i32 i32 i64 i32)))
  (import "astrid:process/host@1.1.0" "stop" (func $stop (param i32 i32 i32 i64 i32)))
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
  (func $refused (param $case i32) (param $text i32) (param $bytes i32)
    (call $persistent (i32.const 1024) (i32.const 0))
    (call $error (local.get $case) (local.get $text) (local.get $bytes)))
  (func $case
    (local $count i32) (local $ids i32)
    (local.set $ids (call $room (i32.const 128) (i32.const 0)))
    (call $sh (@text ""))
    (loop $more
      (call $keep)
      (i32.store (i32.add (local.get $ids) (i32.mul (local.get $count) (i32.const 4)))
      (global.get $kept))
      (call $wait (call $id) (i64.const 60000) (i32.const 0))
      (call $ok (@text "wait"))
      (local.set $count (i32.add (local.get $count) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $count) (i32.const 32))))
    (call $refused (@error "registry-full") (@text "one more"))
    (loop $less
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (global.set $kept
      (i32.load (i32.add (local.get $ids) (i32.mul (local.get $count) (i32.const 4)))))
      (call $release (call $id) (i32.const 0))
      (call $ok (@text "release"))
      (br_if $less (local.get $count)))
    (call $keep)
    (call $stop (call $id) (i32.const 0) (i64.const 0) (i32.const 0))
    (call $ok (@text "stop"))))
