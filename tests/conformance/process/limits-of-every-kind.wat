;;! interface = "process"
;;! with = "sh"
;;! covers = ["spawn"]
;;! real-time = true
;;! capabilities = { host_process = ["sh"] }
;; Memory, time, processes and files of a program are bounded as its request says, and a program that
;; goes on after its time is ended. Nothing is written down of one that crashes.
(module
  (func $limit (param $name i32) (param $bytes i32) (param $wanted i32) (param $wanted-bytes i32)
    (call $put (i32.const 1288) (local.get $name) (local.get $bytes))
    (call $prints (local.get $wanted) (local.get $wanted-bytes)
      (local.get $name) (local.get $bytes)))
  (func $bounds
    (i32.store8 (i32.const 1072) (i32.const 1))
    (i32.store8 (i32.const 1080) (i32.const 1))
    (i64.store (i32.const 1088) (i64.const 1073741824))
    (i32.store8 (i32.const 1096) (i32.const 1))
    (i64.store (i32.const 1104) (i64.const 7))
    (i32.store8 (i32.const 1112) (i32.const 1))
    (i32.store (i32.const 1116) (i32.const 50))
    (i32.store8 (i32.const 1120) (i32.const 1))
    (i32.store (i32.const 1124) (i32.const 16)))
  (func $case
    (call $sh (@text ""))
    (call $bounds)
    (call $limit (@text "ulimit -v; ulimit -H -v") (@text "1048576\n1048576\n"))
    (call $limit (@text "ulimit -t; ulimit -H -t") (@text "7\n7\n"))
    (call $limit (@text "ulimit -p; ulimit -H -p") (@text "50\n50\n"))
    (call $limit (@text "ulimit -n; ulimit -H -n") (@text "16\n16\n"))
    (call $limit (@text "ulimit -c; ulimit -H -c") (@text "0\n0\n"))
    (call $limit (@text "ulimit -v 2000000 2>&- || echo denied") (@text "denied\n"))
    ;; Without a word about it, data is bounded and memory as such is not.
    (call $sh (@text "ulimit -v; ulimit -d; ulimit -c"))
    (call $prints (@text "unlimited\n4194304\n0\n") (@text "no limits of its own"))
    (call $sh (@text "while :; do :; done"))
    (i32.store8 (i32.const 1072) (i32.const 1))
    (i32.store8 (i32.const 1096) (i32.const 1))
    (i64.store (i32.const 1104) (i64.const 1))
    (call $spawn (i32.const 1024) (i32.const 0))
    (call $ok (@text "a program without an end"))
    (call $number (i32.load8_u (i32.const 20)) (i32.const 0) (@text "has no code"))
    (call $number (i32.load8_u (i32.const 28)) (i32.const 1) (@text "was ended by a signal"))))
