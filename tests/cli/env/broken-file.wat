;; A file of settings that is broken counts as none for the capsule; the commands that change it say
;; what is wrong. Values that an older install left in the capsule's own directory are the owner's
;; when there is no file.
;;
;; MANIFEST: [package]
;; MANIFEST: name = "broken-file"
;; MANIFEST: version = "0.1.0"
;; MANIFEST:
;; MANIFEST: [[component]]
;; MANIFEST: file = "broken-file.wasm"
;; MANIFEST:
;; MANIFEST: [env]
;; MANIFEST: colour = { type = "text", default = "green" }
;; RUN[install]: install %capsule --yes
;; FILE %home/home/default/.local/capsules/broken-file/.env.json: {"colour": "grey"}
;; RUN[left]: invoke %name colour
;; FILE %home/home/default/.config/env/broken-file.env.json: {"colour": 3}
;; RUN[broken]: invoke %name colour
;; FAIL(10)[list]: env %name list
(module
  (import "astrid:sys/host@1.0.0" "get-config" (func $get (param i32 i32 i32)))
  (data (i32.const 0) "no setting")
  (func (export "astrid-hook-trigger")
    (param $action i32) (param $action-bytes i32) (param i32 i32) (result i32)
    (call $get (local.get $action) (local.get $action-bytes) (i32.const 1024))
    (if (i32.or (i32.load8_u (i32.const 1024)) (i32.eqz (i32.load8_u (i32.const 1028))))
      (then (return (call $deny (i32.const 0) (i32.const 10)))))
    (call $continue (i32.load (i32.const 1032)) (i32.load (i32.const 1036)))))
