;;! interface = "unserved"
;;! phase = "install"
;;! expect = "trap host: astrid:approval/host@1.0.0 request-approval is not served"
;; A function that is not served, and that has no error to answer with, stops the guest. In this
;; component `request-approval` is such a function; a check before the link refuses it, this is what
;; follows.
(component
  (import "astrid:approval/host@1.0.0" (instance $people (export "request-approval" (func))))
  (core func $ask (canon lower (func $people "request-approval")))
  (core module $guest
    (import "people" "ask" (func $ask))
    (func (export "install") (call $ask)))
  (core instance $guest
    (instantiate $guest (with "people" (instance (export "ask" (func $ask))))))
  (func (export "astrid-install") (canon lift (core func $guest "install"))))
