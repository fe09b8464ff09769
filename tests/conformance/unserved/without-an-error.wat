;;! interface = "unserved"
;;! phase = "install"
;;! expect = "trap host: astrid:fs/host@1.0.0 fs-exists is not served"
;; A function that is not served, and that has no error to answer with, stops the guest. In this
;; component `fs-exists` is such a function; a check before the link refuses it, this is what follows.
(component
  (import "astrid:fs/host@1.0.0" (instance $fs (export "fs-exists" (func))))
  (core func $exists (canon lower (func $fs "fs-exists")))
  (core module $guest
    (import "fs" "exists" (func $exists))
    (func (export "install") (call $exists)))
  (core instance $guest
    (instantiate $guest (with "fs" (instance (export "exists" (func $exists))))))
  (func (export "astrid-install") (canon lift (core func $guest "install"))))
