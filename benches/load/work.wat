;; Works for as long as its payload says: a hundred rounds of a small hash for each byte, and with an
;; action that begins with `l` five thousand times as many. One that begins with `s` never ends.
(component
  (core module $Main
    (memory (export "memory") 3)
    (data (i32.const 16) "continue")
    (global $heap (mut i32) (i32.const 4096))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (global.get $heap))
      (global.set $heap (i32.add (local.get $at) (local.get 3)))
      (local.get $at))
    (func (export "hook")
      (param $action i32) (param i32) (param i32) (param $bytes i32) (result i32)
      (local $left i32) (local $hash i32)
      ;; The arguments have been read: the next call's may take their place.
      (global.set $heap (i32.const 4096))
      (if (i32.eq (i32.load8_u (local.get $action)) (i32.const 115)) ;; s
        (then (loop $forever (br $forever))))
      (local.set $left (i32.mul (local.get $bytes) (i32.const 100)))
      (if (i32.eq (i32.load8_u (local.get $action)) (i32.const 108)) ;; l
        (then (local.set $left (i32.mul (local.get $left) (i32.const 5000)))))
      (if (local.get $left)
        (then
          (loop $again
            (local.set $hash
              (i32.mul (i32.xor (local.get $hash) (local.get $left)) (i32.const 16777619)))
            (br_if $again
              (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))))
      ;; Kept, so that the work cannot be left out.
      (i32.store (i32.const 256) (local.get $hash))
      (i32.store (i32.const 128) (i32.const 16))
      (i32.store (i32.const 132) (i32.const 8))
      (i32.store8 (i32.const 136) (i32.const 0))
      (i32.const 128)))
  (core instance $main (instantiate $Main))
  (alias core export $main "memory" (core memory $memory))
  (alias core export $main "cabi_realloc" (core func $realloc))
  (alias core export $main "hook" (core func $core-hook))
  (type $result' (record (field "action" string) (field "data" (option string))))
  (export $result "capsule-result" (type $result'))
  (func $hook (param "action" string) (param "payload" (list u8)) (result $result)
    (canon lift (core func $core-hook) (memory $memory) (realloc $realloc)))
  (export "astrid-hook-trigger" (func $hook)))
