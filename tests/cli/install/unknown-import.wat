;; All imports that are not served are named at once, and nothing is installed.
;;
;; FAIL(3): install %capsule --yes
;; FAIL(3)[json]: install %capsule --yes --json
;; RUN[list]: list
;; RUN[overridden]: install %capsule --yes --allow-unlinkable
(component
  (import "acme:weather/forecast@1.0.0" (instance (export "today" (func (result string)))))
  (import "astrid:kv/hots@1.0.0" (instance (export "kv-delete" (func)))))
