;;! interface = "sys"
;;! covers = ["enumerate-capabilities"]
;;! publish = ["a"]
;; A manifest without capabilities gives an empty list; topics are none.
(module
  (import "astrid:sys/host@1.0.0" "enumerate-capabilities" (func $enumerate (param i32)))
  (func $case
    (call $enumerate (i32.const 0))
    (call $number (i32.load (i32.const 4)) (i32.const 0) (@text "capabilities"))))
