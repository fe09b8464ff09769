;; What an installed capsule stores is there for the next call, and gone in a throw-away home.
;;
;; RUN[install]: install %capsule --yes
;; RUN[before]: invoke %name get
;; RUN[set]: invoke %name set --payload blue
;; RUN[get]: invoke %name get
;; RUN[ephemeral]: invoke %name get --ephemeral
(module
  (import "astrid:kv/host@1.0.0" "kv-get" (func $get (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-set" (func $set (param i32 i32 i32 i32 i32)))
  (data (i32.const 0) "colourthe store refused")
  (func (export "astrid-hook-trigger")
    (param $action i32) (param i32) (param $payload i32) (param $payload-bytes i32) (result i32)
    (if (i32.eq (i32.load8_u (local.get $action)) (i32.const 115)) ;; s
      (then (call $set (i32.const 0) (i32.const 6)
        (local.get $payload) (local.get $payload-bytes) (i32.const 1024)))
      (else (call $get (i32.const 0) (i32.const 6) (i32.const 1024))))
    (if (i32.load8_u (i32.const 1024))
      (then (return (call $deny (i32.const 6) (i32.const 17)))))
    (if (i32.load8_u (i32.const 1028))
      (then (return (call $continue
        (i32.load (i32.const 1032)) (i32.load (i32.const 1036))))))
    (call $continue-empty)))
