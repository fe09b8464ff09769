;;! interface = "request-context"
;;! covers = ["connection-owner", "connection-principal"]
;;! real-time = true
;;! capabilities = { net_bind = ["unix:*"] }
;;! now = [{ dial = { token = ["hello"] } }, { dial = { token = ["hello"] } }]
;; Whoever knows the token of the socket acts for the owner of the capsule. Each connection has a name
;; of its own, which stays.
(module
  (import "astrid:net/host@1.0.0" "bind-unix" (func $bind (param i32)))
  (import "astrid:net/host@1.0.0" "[method]unix-listener.accept" (func $accept (param i32 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (import "astrid:request-context/host@1.0.0" "connection-owner" (func $owner (param i32 i32)))
  (import "astrid:request-context/host@1.0.0" "connection-principal"
    (func $principal (param i32 i32)))
  (func $next (param $door i32) (result i32)
    (call $log (i32.const 0) (@text "now"))
    (call $accept (local.get $door) (i32.const 0))
    (call $ok (@text "accept"))
    (i32.load (i32.const 4)))
  ;; The name of a connection, with what it has to be.
  (func $named (param $stream i32)
    (call $owner (local.get $stream) (i32.const 0))
    (call $ok (@text "owner"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 1) (@text "it has a name"))
    (call $number (i32.load (i32.const 12)) (i32.const 36) (@text "a UUID")))
  (func $case
    (local $door i32) (local $first i32) (local $second i32) (local $name i32)
    (call $bind (i32.const 0))
    (call $ok (@text "bind-unix"))
    (local.set $door (i32.load (i32.const 4)))
    (local.set $first (call $next (local.get $door)))
    (call $principal (local.get $first) (i32.const 0))
    (call $ok (@text "principal"))
    (call $number (i32.load8_u (i32.const 4)) (i32.const 1) (@text "a principal"))
    (call $text (i32.load (i32.const 8)) (i32.load (i32.const 12))
      (@text "default") (@text "the owner"))
    (call $named (local.get $first))
    (local.set $name (i32.load (i32.const 8)))
    (call $named (local.get $first))
    (call $text (i32.load (i32.const 8)) (i32.const 36)
      (local.get $name) (i32.const 36) (@text "the same name again"))
    (local.set $second (call $next (local.get $door)))
    (call $named (local.get $second))
    (call $check (i32.eqz (call $same
        (i32.load (i32.const 8)) (i32.const 36) (local.get $name) (i32.const 36)))
      (@text "another name for another connection"))))
