;; What has no interceptor has no profile; names and formats that are nothing are usage errors.
;;
;; FAIL(3)[no-interceptor]: profile %capsule a
;; FAIL(2)[format]: profile %capsule a --format flames
;; FAIL(3)[unknown]: profile nobody a
(module
  (func (export "run")))
