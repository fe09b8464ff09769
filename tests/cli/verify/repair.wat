;; What is damaged is put back from the source while that still has the recorded hash, from a stored
;; file when that is whole; what cannot be put back stays a finding.
;;
;; MANIFEST: [package]
;; MANIFEST: name = "repair"
;; MANIFEST: version = "0.1.0"
;; MANIFEST:
;; MANIFEST: [[component]]
;; MANIFEST: file = "repair.wasm"
;; FILE %capsule/wit/repair.wit: package acme:repair;
;; RUN[install]: install %capsule --yes
;; RUN[whole]: verify --repair
;; FLIP: %home/bin/*
;; REMOVE: %home/wit/*
;; EDIT %home/home/default/.local/capsules/repair/Capsule.toml: version = "0.1.0" => version = "0.1.1"
;; FAIL(5)[damaged]: verify
;; RUN: verify --repair
;; RUN[whole-again]: verify --all
;; FLIP: %home/bin/*
;; RUN[json]: verify repair --repair --json
;; FLIP: %home/bin/*
;; FLIP: %wasm
;; FAIL(5)[other-source]: verify --repair
;; REMOVE: %capsule
;; FAIL(5)[no-source]: verify --repair
(module
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))
