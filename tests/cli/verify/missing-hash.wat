;; No recorded hash, no load: a capsule whose record has lost it counts as damaged.
;;
;; RUN[install]: install %capsule --yes
;; EDIT %home/home/default/.local/capsules/%name/meta.json: "wasm_hash" => "wasm_hsah"
;; FAIL(5): verify %name
;; FAIL(5)[invoke]: invoke %name anything
;; CUT %home/home/default/.local/capsules/%name/meta.json: 20
;; FAIL(5)[half-a-record]: verify %name
;; REMOVE: %home/home/default/.local/capsules/%name/meta.json
;; FAIL(5)[no-record]: verify %name
;; RUN[list]: list
(module
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))
