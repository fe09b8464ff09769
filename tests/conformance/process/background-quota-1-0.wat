;;! interface = "process@1.0.0"
;;! covers = ["quota", "process-handle.drop"]
;;! fresh-only = "what it starts goes on"
;;! real-time = true
;;! capabilities = { host_process = ["sh"], allow_persistent = true }
;; There are eight programs in the background at most, and one counts for as long as it is held.
(module
  (import "astrid:process/host@1.0.0" "spawn-background" (func $background (param i32 i32)))
  (import "astrid:process/host@1.0.0" "spawn-persistent" (func $persistent (param i32 i32)))
  (import "astrid:process/host@1.0.0" "wait" (func $wait (param i32 i32 i64 i32)))
  (import "astrid:process/host@1.0.0" "stop" (func $stop (param i32 i32 i32 i64 i32)))
  (import "astrid:process/host@1.0.0" "release-process" (func $release (param i32 i32 i32)))
  (import "astrid:process/host@1.0.0" "[resource-drop]process-handle" (func $h-drop (param i32)))
  (import "astrid:process/host@1.0.0" "[method]process-handle.wait"
    (func $h-wait (param i32 i32 i64 i32)))
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
  ;; Starts what is asked for in the background.
  (func $start (result i32)
    (call $background (i32.const 1024) (i32.const 0))
    (call $ok (@text "spawn-background"))
    (i32.load (i32.const 4)))
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
  (func $case
    (local $first i32) (local $count i32)
    (call $sh (@text ""))
    (local.set $first (call $start))
    (call $h-wait (local.get $first) (i32.const 0) (i64.const 0) (i32.const 0))
    (call $sh (@text "exec sleep 1000"))
    (call $keep)
    (local.set $count (i32.const 2))
    (loop $more
      (drop (call $start))
      (local.set $count (i32.add (local.get $count) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $count) (i32.const 8))))
    (call $background (i32.const 1024) (i32.const 0))
    (call $error (@error "quota") (@text "a ninth"))
    (call $persistent (i32.const 1024) (i32.const 0))
    (call $error (@error "quota") (@text "a ninth that is to stay"))
    (call $h-drop (local.get $first))
    (call $background (i32.const 1024) (i32.const 0))
    (call $ok (@text "one for one that was given back"))
    ;; One that stays counts until it has ended.
    (call $stop (call $id) (i32.const 1) (i64.const 0) (i32.const 0))
    (call $ok (@text "stop"))
    (call $sh (@text ""))
    (call $keep)
    (call $wait (call $id) (i64.const 60000) (i32.const 0))
    (call $ok (@text "wait"))
    (call $background (i32.const 1024) (i32.const 0))
    (call $ok (@text "one for one that has ended"))
    (call $release (call $id) (i32.const 0))
    (call $ok (@text "release"))))
