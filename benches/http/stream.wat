;; A capsule whose hook asks for the URL in its payload, reads the response to its end, and answers
;; `continue` without data, or traps.
(component
  (import "astrid:http/host@1.1.0" (instance $http
    (export "http-stream" (type $stream (sub resource)))
    (type $error' (variant
      (case "capability-denied") (case "invalid-request") (case "dns-error")
      (case "airlock-rejected") (case "tls-error") (case "timeout") (case "connection-error")
      (case "body-too-large") (case "closed") (case "quota") (case "redirect-blocked")
      (case "too-many-redirects") (case "integrity-mismatch") (case "scheme-denied")
      (case "decompression-bomb") (case "protocol" string) (case "unknown" string)))
    (export "error-code" (type $error (eq $error')))
    (type $method' (variant
      (case "get") (case "head") (case "post") (case "put") (case "delete") (case "connect")
      (case "options") (case "trace") (case "patch") (case "other" string)))
    (export "http-method" (type $method (eq $method')))
    (type $pair' (record (field "key" string) (field "value" string)))
    (export "key-value-pair" (type $pair (eq $pair')))
    (type $request' (record
      (field "url" string) (field "method" $method) (field "headers" (list $pair))
      (field "body" (option (list u8)))))
    (export "http-request-data" (type $request (eq $request')))
    (export "http-stream-start"
      (func (param "request" $request) (result (result (own $stream) (error $error)))))
    (export "[method]http-stream.read-chunk"
      (func (param "self" (borrow $stream)) (result (result (list u8) (error $error)))))))
  (alias export $http "http-stream" (type $stream))
  (alias export $http "http-stream-start" (func $start))
  (alias export $http "[method]http-stream.read-chunk" (func $read))
  (core module $Memory
    (memory (export "memory") 200)
    (global $heap (export "heap") (mut i32) (i32.const 4096))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (global.get $heap))
      (global.set $heap (i32.add (local.get $at) (local.get 3)))
      (local.get $at)))
  (core instance $mem (instantiate $Memory))
  (alias core export $mem "memory" (core memory $memory))
  (alias core export $mem "cabi_realloc" (core func $realloc))
  (core func $core-start (canon lower (func $start) (memory $memory) (realloc $realloc)))
  (core func $core-read (canon lower (func $read) (memory $memory) (realloc $realloc)))
  (core func $core-drop (canon resource.drop $stream))
  (core module $Main
    (import "mem" "memory" (memory 200))
    (import "mem" "heap" (global $heap (mut i32)))
    (import "host" "start"
      (func $start (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
    (import "host" "read" (func $read (param i32 i32)))
    (import "host" "drop" (func $drop (param i32)))
    (data (i32.const 16) "continue")
    (func (export "hook") (param i32 i32) (param $url i32) (param $bytes i32) (result i32)
      (local $stream i32)
      (call $start (local.get $url) (local.get $bytes) (i32.const 0) (i32.const 0) (i32.const 0)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 256))
      (if (i32.load8_u (i32.const 256)) (then unreachable))
      (local.set $stream (i32.load (i32.const 260)))
      (loop $next
        ;; Only the last piece is kept.
        (global.set $heap (i32.const 4096))
        (call $read (local.get $stream) (i32.const 256))
        (if (i32.load8_u (i32.const 256)) (then unreachable))
        (br_if $next (i32.load (i32.const 264))))
      (call $drop (local.get $stream))
      (i32.store (i32.const 128) (i32.const 16))
      (i32.store (i32.const 132) (i32.const 8))
      (i32.store8 (i32.const 136) (i32.const 0))
      (i32.const 128)))
  (core instance $main (instantiate $Main
    (with "mem" (instance $mem))
    (with "host" (instance
      (export "start" (func $core-start))
      (export "read" (func $core-read))
      (export "drop" (func $core-drop))))))
  (alias core export $main "hook" (core func $core-hook))
  (type $result' (record (field "action" string) (field "data" (option string))))
  (export $result "capsule-result" (type $result'))
  (func $hook (param "action" string) (param "payload" (list u8)) (result $result)
    (canon lift (core func $core-hook) (memory $memory) (realloc $realloc)))
  (export "astrid-hook-trigger" (func $hook)))
