;;! interface = "net"
;;! covers = ["unix-listener.poll-accept"]
;;! real-time = true
;;! capabilities = { net_bind = ["unix:*"] }
;;! now = [{ dial = { silence = true } }, { dial = { token = ["it is me"] } }]
;;! fresh-only = "each time takes five seconds"
;;! default-only = "each time takes five seconds"
;;! not-replayed = "each time takes five seconds"
;; Whoever connects and says nothing is nobody after five seconds, and the next one has its turn.
(module
  (import "astrid:sys/host@1.0.0" "clock-monotonic-ns" (func $clock (result i64)))
  (import "astrid:net/host@1.0.0" "bind-unix"
    (func $bind (param i32)))
  (import "astrid:net/host@1.0.0" "[method]unix-listener.accept"
    (func $accept (param i32 i32)))
  (import "astrid:net/host@1.0.0" "[method]unix-listener.poll-accept"
    (func $poll-accept (param i32 i64 i32)))
  (import "astrid:net/host@1.0.0" "[method]tcp-stream.read"
    (func $read (param i32 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (func $open (result i32)
    (call $bind (i32.const 0))
    (call $ok (@text "bind-unix"))
    (i32.load (i32.const 4)))
  ;; Waits for a frame, which is this.
  (func $heard (param $stream i32) (param $text i32) (param $bytes i32)
    (loop $again
      (call $read (local.get $stream) (i32.const 0))
      (call $ok (@text "read"))
      (br_if $again (i32.eq (i32.load8_u (i32.const 4)) (i32.const 2))))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "a frame"))
    (call $text (i32.load (i32.const 8)) (i32.load (i32.const 12))
      (local.get $text) (local.get $bytes) (@text "what was said")))
  (func $case
    (local $door i32) (local $start i64)
    (local.set $door (call $open))
    (call $log (i32.const 0) (@text "now"))
    (local.set $start (call $clock))
    (call $poll-accept (local.get $door) (i64.const 60000) (i32.const 0))
    (call $ok (@text "poll-accept"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 0) (@text "somebody that is let in"))
    (call $check
      (i64.ge_u (i64.sub (call $clock) (local.get $start)) (i64.const 5000000000))
      (@text "five seconds"))
    (call $accept (local.get $door) (i32.const 0))
    (call $ok (@text "accept"))
    (call $heard (i32.load (i32.const 4)) (@text "it is me"))))
