;; A setting is what the manifest says until somebody sets it, and again when it is unset.
;;
;; MANIFEST: [package]
;; MANIFEST: name = "set-and-unset"
;; MANIFEST: version = "0.1.0"
;; MANIFEST:
;; MANIFEST: [[component]]
;; MANIFEST: file = "set-and-unset.wasm"
;; MANIFEST:
;; MANIFEST: [env]
;; MANIFEST: colour = { type = "text", default = "green" }
;; RUN[install]: install %capsule --yes
;; RUN[list]: env %name list
;; RUN[default]: invoke %name colour
;; RUN[set]: env %name set colour=blue
;; RUN[get]: env %name get colour
;; RUN[changed]: invoke %name colour
;; RUN[unset]: env %name unset colour
;; RUN[again]: invoke %name colour
(module
  (import "astrid:sys/host@1.0.0" "get-config" (func $get (param i32 i32 i32)))
  (data (i32.const 0) "no setting")
  (func (export "astrid-hook-trigger")
    (param $action i32) (param $action-bytes i32) (param i32 i32) (result i32)
    (call $get (local.get $action) (local.get $action-bytes) (i32.const 1024))
    (if (i32.or (i32.load8_u (i32.const 1024)) (i32.eqz (i32.load8_u (i32.const 1028))))
      (then (return (call $deny (i32.const 0) (i32.const 10)))))
    (call $continue (i32.load (i32.const 1032)) (i32.load (i32.const 1036)))))
