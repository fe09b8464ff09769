  (import "astrid:process/host@1.1.0" "spawn" (func $spawn (param i32 i32)))
  (import "astrid:process/host@1.1.0" "spawn-background" (func $background (param i32 i32)))
  (import "astrid:process/host@1.1.0" "[resource-drop]process-handle" (func $h-drop (param i32)))
  ;; ---

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
  (func $refused (param $case i32) (param $text i32) (param $bytes i32)
    (call $spawn (i32.const 1024) (i32.const 0))
    (call $error (local.get $case) (local.get $text) (local.get $bytes)))
  ;; What is asked for prints this.
  (func $prints (param $out i32) (param $bytes i32) (param $text i32) (param $text-bytes i32)
    (call $spawn (i32.const 1024) (i32.const 0))
    (call $ok (local.get $text) (local.get $text-bytes))
    (call $text (i32.load (i32.const 4)) (i32.load (i32.const 8))
      (local.get $out) (local.get $bytes) (local.get $text) (local.get $text-bytes)))
  (func $keep-open
    (i32.store16 (i32.const 1148) (i32.const 257)))
