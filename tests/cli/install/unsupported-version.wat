;; An import of a served interface in another version is refused with the version that is served.
;;
;; FAIL(3): install %capsule --yes
(component
  (import "astrid:kv/host@2.0.0" (instance (export "kv-clear" (func)))))
