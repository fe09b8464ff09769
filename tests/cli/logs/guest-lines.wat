;; What a guest logs is kept with its level, one entry a line whatever the text holds.
;;
;; RUN[install]: install %capsule --yes
;; RUN[none]: logs %name
;; RUN[invoke]: invoke %name speak
;; RUN: logs %name
(module
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (data (i32.const 0) "first\nline\1b[31m")
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $log (i32.const 2) (i32.const 0) (i32.const 5))
    (call $log (i32.const 4) (i32.const 0) (i32.const 15))
    (call $continue-empty)))
