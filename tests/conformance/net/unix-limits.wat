;;! interface = "net"
;;! covers = ["quota", "unix-listener.accept", "unix-listener.poll-accept"]
;;! real-time = true
;;! capabilities = { net_bind = ["unix:*"] }
;;! now = [{ dial = { token = ["a"] } }]
;;! fresh-only = "what an instance holds stays until it is gone"
;; Eight streams are all that an instance has: with no place left `accept` says so, and `poll-accept`
;; finds nobody. A stream that is dropped gives its place to the next.
(module
  (import "astrid:net/host@1.0.0" "bind-unix"
    (func $bind (param i32)))
  (import "astrid:net/host@1.0.0" "[method]unix-listener.accept"
    (func $accept (param i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]unix-listener.poll-accept"
    (func $poll-accept (param i32 i64 i32)))
  (import "astrid:net/host@1.0.0" "[resource-drop]tcp-stream"
    (func $drop-stream (param i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $open (result i32)
    (call $bind (i32.const 0))
    (call $ok (@text "bind-unix"))
    (i32.load (i32.const 4)))
  (func $case
    (local $door i32) (local $rest i32) (local $stream i32)
    (local.set $door (call $open))
    (local.set $rest (i32.const 8))
    (loop $next
      (call $log (i32.const 0) (@text "now"))
      (call $accept (local.get $door) (i32.const 0))
      (call $ok (@text "accept"))
      (local.set $stream (i32.load (i32.const 4)))
      (br_if $next (local.tee $rest (i32.sub (local.get $rest) (i32.const 1)))))
    (call $log (i32.const 0) (@text "now"))
    (call $accept (local.get $door) (i32.const 0))
    (call $error (@error "quota") (@text "a ninth stream"))
    (call $poll-accept (local.get $door) (i64.const 60000) (i32.const 0))
    (call $ok (@text "poll-accept without a place"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "nobody"))
    (call $drop-stream (local.get $stream))
    (call $accept (local.get $door) (i32.const 0))
    (call $ok (@text "the place of another"))))
