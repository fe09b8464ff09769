;; More handlers than a capsule with a run loop may bind keep it from loading, in every command.
;;
;; FAIL(3)[invoke]: invoke %capsule act
;; FAIL(3)[run]: run %capsule --for 1s
;; FAIL(3)[install]: install %capsule --yes
;; MANIFEST: [package]
;; MANIFEST: name = "crowded"
;; MANIFEST: version = "0.1.0"
;; MANIFEST: [[component]]
;; MANIFEST: id = "crowded"
;; MANIFEST: file = "crowded.wasm"
;; MANIFEST: [subscribe]
;; MANIFEST: "t.n0" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n1" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n2" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n3" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n4" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n5" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n6" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n7" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n8" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n9" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n10" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n11" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n12" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n13" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n14" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n15" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n16" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n17" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n18" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n19" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n20" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n21" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n22" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n23" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n24" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n25" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n26" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n27" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n28" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n29" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n30" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n31" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n32" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n33" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n34" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n35" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n36" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n37" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n38" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n39" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n40" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n41" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n42" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n43" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n44" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n45" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n46" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n47" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n48" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n49" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n50" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n51" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n52" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n53" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n54" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n55" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n56" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n57" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n58" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n59" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n60" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n61" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n62" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n63" = { wit = "opaque", handler = "act" }
;; MANIFEST: "t.n64" = { wit = "opaque", handler = "act" }
(module
  (func (export "run") (loop (br 0)))
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))
