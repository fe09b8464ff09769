;; A refused growth is the guest's to survive; when it traps because of it, memory is the reason.
;;
;; RUN[survives]: invoke %capsule try --memory 1MiB
;; RUN[survives-json]: invoke %capsule try --memory 1MiB --json
;; FAIL(6)[traps]: invoke %capsule must --memory 1MiB
;; FAIL(6)[traps-json]: invoke %capsule must --memory 1MiB --json
;; FAIL(6)[instantiation]: invoke %capsule try --memory 64KiB
(module
  (func (export "astrid-hook-trigger") (param $action i32) (param i32 i32 i32) (result i32)
    (if (i32.eq (memory.grow (i32.const 100)) (i32.const -1))
      (then (if (i32.eq (i32.load8_u (local.get $action)) (i32.const 109)) ;; m
        (then unreachable))))
    (call $say-number (i64.extend_i32_u (memory.size)))
    (call $said)))
