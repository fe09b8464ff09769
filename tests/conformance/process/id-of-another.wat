;;! interface = "process"
;;! with = "sh"
;;! covers = ["spawn-persistent"]
;;! real-time = true
;;! fresh-only = "the id is found again"
;;! capabilities = { host_process = ["sh"], allow_persistent = true, fs_read = ["*"], fs_write = ["*"] }
;; An id that another principal's call has left in the workspace leads to nothing: it is as if there were
;; no such program, also for letting it go.
(module
  (import "astrid:fs/host@1.0.0" "read-file" (func $read-file (param i32 i32 i32)))
  (import "astrid:fs/host@1.0.0" "write-file" (func $write-file (param i32 i32 i32 i32 i32)))
  (import "astrid:process/host@1.1.0" "spawn-persistent" (func $persistent (param i32 i32)))
  (import "astrid:process/host@1.1.0" "attach" (func $attach (param i32 i32 i32)))
  (import "astrid:process/host@1.1.0" "status" (func $status (param i32 i32 i32)))
  (import "astrid:process/host@1.1.0" "status-many" (func $status-many (param i32 i32 i32)))
  (import "astrid:process/host@1.1.0" "read-logs" (func $read-logs (param i32 i32 i32)))
  (import "astrid:process/host@1.1.0" "write-stdin" (func $write-stdin (param i32 i32 i32 i32 i32)))
  (import "astrid:process/host@1.1.0" "close-stdin" (func $close-stdin (param i32 i32 i32)))
  (import "astrid:process/host@1.1.0" "signal" (func $signal (param i32 i32 i32 i32)))
  (import "astrid:process/host@1.1.0" "wait" (func $wait (param i32 i32 i64 i32)))
  (import "astrid:process/host@1.1.0" "stop" (func $stop (param i32 i32 i32 i64 i32)))
  (import "astrid:process/host@1.1.0" "release-process" (func $release (param i32 i32 i32)))
  (func $leave
    (call $sh (@text "exec sleep 1000"))
    (call $keep-open)
    (call $persistent (i32.const 1024) (i32.const 0))
    (call $ok (@text "spawn-persistent"))
    (call $write-file (@text "id") (i32.load (i32.const 4)) (i32.load (i32.const 8)) (i32.const 0))
    (call $ok (@text "leaving the id")))
  (func $nobody (param $text i32) (param $bytes i32)
    (call $error (@error "no-such-process") (local.get $text) (local.get $bytes)))
  (func $case
    (local $id i32)
    (call $read-file (@text "id") (i32.const 0))
    (if (i32.load8_u (i32.const 0)) (then (call $leave) (return)))
    (call $number (i32.load (i32.const 8)) (i32.const 52) (@text "the length of an id"))
    (local.set $id (i32.load (i32.const 4)))
    (call $attach (local.get $id) (i32.const 52) (i32.const 0))
    (call $nobody (@text "attach"))
    (call $status (local.get $id) (i32.const 52) (i32.const 0))
    (call $error-8 (@error "no-such-process") (@text "status"))
    (call $put (i32.const 256) (local.get $id) (i32.const 52))
    (call $status-many (i32.const 256) (i32.const 1) (i32.const 0))
    (call $ok (@text "status-many"))
    (call $number (i32.load (i32.const 8)) (i32.const 0) (@text "programs that are known"))
    (call $read-logs (local.get $id) (i32.const 52) (i32.const 0))
    (call $nobody (@text "read-logs"))
    (call $write-stdin (local.get $id) (i32.const 52) (@text "x") (i32.const 0))
    (call $nobody (@text "write-stdin"))
    (call $close-stdin (local.get $id) (i32.const 52) (i32.const 0))
    (call $nobody (@text "close-stdin"))
    (call $signal (local.get $id) (i32.const 52) (i32.const 0) (i32.const 0))
    (call $nobody (@text "signal"))
    (call $wait (local.get $id) (i32.const 52) (i64.const 0) (i32.const 0))
    (call $nobody (@text "wait"))
    (call $stop (local.get $id) (i32.const 52) (i32.const 1) (i64.const 0) (i32.const 0))
    (call $nobody (@text "stop"))
    (call $release (local.get $id) (i32.const 52) (i32.const 0))
    (call $ok (@text "release-process"))))
