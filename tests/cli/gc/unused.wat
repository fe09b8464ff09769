;; What no capsule uses goes after a yes; what is used stays, and a damaged capsule keeps everything.
;;
;; RUN[install]: install %capsule --yes
;; RUN[nothing]: gc
;; FILE %home/bin/0000000000000000000000000000000000000000000000000000000000000000.wasm: old
;; FILE %home/cache/code/0000000000000000000000000000000000000000000000000000000000000000-1.0.0-00.code: old
;; RUN[dry]: gc --dry-run
;; FAIL(4)[no-yes]: gc
;; RUN: gc --yes
;; RUN[verify]: verify --all
;; RUN[nothing-left]: gc --json
;; CUT %home/home/default/.local/capsules/%name/meta.json: 20
;; FAIL(5)[damaged]: gc --yes
(module
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))
