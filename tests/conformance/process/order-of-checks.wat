;;! interface = "process"
;;! with = "sh"
;;! covers = ["spawn", "spawn-background", "spawn-persistent", "capability-denied", "invalid-input", "too-large"]
;;! real-time = true
;;! capabilities = { host_process = ["sh"], allow_persistent = true }
;; A request that breaks several rules is refused for the first of them: permission comes before all that
;; is wrong with it, and a time of nothing before too much input.
(module
  (import "astrid:process/host@1.1.0" "spawn-persistent" (func $persistent (param i32 i32)))
  (func $case
    (call $sh (@text ""))
    ;; A malformed variable, no time to be idle, and too much input.
    (call $put (i32.const 1052) (i32.const 1296) (i32.const 1))
    (call $put (i32.const 1296) (@text "PATH"))
    (i32.store8 (i32.const 1176) (i32.const 1))
    (i32.store (i32.const 1040) (i32.const 1))
    (call $put (i32.const 1044) (call $room (i32.const 4194305) (i32.const 97)) (i32.const 4194305))
    (call $put (i32.const 1024) (@text "ls"))
    (call $refused (@error "capability-denied") (@text "spawn of what is not granted"))
    (call $background (i32.const 1024) (i32.const 0))
    (call $error (@error "capability-denied") (@text "spawn-background of it"))
    (call $persistent (i32.const 1024) (i32.const 0))
    (call $error (@error "capability-denied") (@text "spawn-persistent of it"))
    (call $put (i32.const 1024) (@text "sh"))
    (call $persistent (i32.const 1024) (i32.const 0))
    (call $error (@error "invalid-input") (@text "no time to be idle"))
    (i32.store8 (i32.const 1176) (i32.const 0))
    (call $persistent (i32.const 1024) (i32.const 0))
    (call $error (@error "too-large") (@text "too much input"))
    (call $refused (@error "too-large") (@text "too much input for one that is waited for"))))
