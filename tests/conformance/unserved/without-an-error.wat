;;! interface = "unserved"
;;! phase = "install"
;;! expect = "trap host: astrid:process/host@1.0.0 list-processes is not served"
;; A function that is not served, and that has no error to answer with, stops the guest. In this
;; component `list-processes` is such a function; a check before the link refuses it, this is what
;; follows.
(component
  (import "astrid:process/host@1.0.0" (instance $processes (export "list-processes" (func))))
  (core func $ask (canon lower (func $processes "list-processes")))
  (core module $guest
    (import "processes" "ask" (func $ask))
    (func (export "install") (call $ask)))
  (core instance $guest
    (instantiate $guest (with "processes" (instance (export "ask" (func $ask))))))
  (func (export "astrid-install") (canon lift (core func $guest "install"))))
