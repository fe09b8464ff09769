;; How a test of the command line is written: this file is one, and tests/README.md explains it.
;;
;; The claim comes first. `%capsule` is a directory with a manifest and with this module as a
;; component, `%name` its id, which is the file's name. Each run has its expected output beside it.
;;
;; RUN: invoke %capsule greet
;; FAIL(9)[refused]: invoke %capsule leave
;; RUN[install]: install %capsule --yes
;; RUN[installed]: invoke %name greet
(module
  (data (i32.const 0) "greet{\"hello\":1}I never leave")
  (func (export "astrid-hook-trigger")
    (param $action i32) (param $action-bytes i32) (param i32 i32) (result i32)
    (if (result i32)
      (call $same (local.get $action) (local.get $action-bytes) (i32.const 0) (i32.const 5))
      (then (call $continue (i32.const 5) (i32.const 11)))
      (else (call $deny (i32.const 16) (i32.const 13))))))
