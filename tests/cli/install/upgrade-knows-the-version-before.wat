;; An upgrade hook reads which version it replaces from the setting `prev_version`, and nobody else has
;; that setting. A downgrade is an upgrade from the later version.
;;
;; RUN: install %capsule --yes
;; RUN[new]: invoke %name anything
;; EDIT %capsule/Capsule.toml: version = "0.1.0" => version = "0.2.0"
;; RUN[upgrade]: install %capsule --yes
;; RUN[upgraded]: invoke %name anything
;; EDIT %capsule/Capsule.toml: version = "0.2.0" => version = "0.1.5"
;; RUN[downgrade]: install %capsule --yes --allow-downgrade
;; RUN[downgraded]: invoke %name anything
(module
  (import "astrid:sys/host@1.0.0" "get-config" (func $config (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-set" (func $set (param i32 i32 i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-get" (func $get (param i32 i32 i32)))
  (data (i32.const 0) "prev_versionno version before, no such setting")
  (func $ask
    (call $config (i32.const 0) (i32.const 12) (i32.const 1024)))
  (func (export "astrid-upgrade")
    (call $ask)
    (call $set (i32.const 0) (i32.const 4)
      (i32.load (i32.const 1032)) (i32.load (i32.const 1036)) (i32.const 1024)))
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $get (i32.const 0) (i32.const 4) (i32.const 1024))
    (if (i32.load8_u (i32.const 1028))
      (then
        (call $say (i32.load (i32.const 1032)) (i32.load (i32.const 1036)))
        (call $say (i32.const 29) (i32.const 2)))
      (else (call $say (i32.const 12) (i32.const 19))))
    (call $ask)
    (if (i32.eqz (i32.load8_u (i32.const 1028)))
      (then (call $say (i32.const 31) (i32.const 15))))
    (call $said)))
