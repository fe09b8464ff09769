;; A recording is of one binary: it is not made while another one may be loaded.
;;
;; FAIL(2): run %capsule --record x.cassette --watch
(module
  (func (export "run")))
