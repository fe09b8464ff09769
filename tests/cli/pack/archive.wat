;; What is packed can be looked at, installed and invoked, and packing it again gives the same bytes.
;;
;; FILE %capsule/wit/notes.wit: package a:notes;
;; FILE %capsule/assets/hello.txt: hello
;; RUN: pack %capsule
;; RUN[again]: pack %capsule -o again.capsule --json
;; RUN[inspect]: inspect ./again.capsule --imports
;; RUN[install]: install ./again.capsule --yes
;; RUN[upgrade]: install archive-0.1.0.capsule --yes
;; RUN[invoke]: invoke ./again.capsule anything
;; RUN[verify]: verify
;; CUT again.capsule: 100
;; FAIL(3)[cut]: install ./again.capsule --yes
;; FAIL(3)[cut-json]: inspect ./again.capsule --json
;; FAIL(3)[absent]: install ./absent.capsule
(module
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))
