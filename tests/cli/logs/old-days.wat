;; Log files of days long past are removed when the capsule logs again.
;;
;; RUN[install]: install %capsule --yes
;; FILE %home/home/default/.local/log/old-days/2019-01-01.log: an old line
;; RUN[invoke]: invoke %name speak
;; RUN: logs %name
(module
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (data (i32.const 0) "a new line")
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $log (i32.const 2) (i32.const 0) (i32.const 10))
    (call $continue-empty)))
