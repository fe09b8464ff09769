;; Each kind of damage has an id of its own, which explain takes, and the forms for other programs
;; name the damaged file.
;;
;; RUN[install]: install %capsule --yes
;; FILE %home/home/default/.local/capsules/%name/Capsule.toml: [package
;; FAIL(5)[manifest]: verify %name
;; FAIL(5)[github]: verify %name --format github
;; FAIL(5)[junit]: verify %name --format junit
;; RUN[again]: install %capsule --yes --reinstall
;; EDIT %home/home/default/.local/capsules/%name/Capsule.toml: name = "every-damage" => name = "other"
;; FAIL(5)[name]: verify %name
;; RUN[once-more]: install %capsule --yes --reinstall
;; EDIT %home/home/default/.local/capsules/%name/meta.json: "wasm_hash": " => "wasm_hash": "x
;; FAIL(5)[malformed]: verify %name
(module
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))
