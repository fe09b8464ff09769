;;! interface = "process"
;;! with = "sh"
;;! covers = ["spawn", "invalid-input", "boundary-escape"]
;;! real-time = true
;;! capabilities = { host_process = ["sh"], fs_read = ["home://", "/tmp"], fs_write = ["home://notes", "/tmp"] }
;;! files = { "home/default/notes/a" = "mine ", "home/other/notes/a" = "mine ", "home/default/.local/capsules/x/y" = "", "home/other/.local/capsules/x/y" = "", "home/default/.local/tmp/t" = "scratch ", "home/other/.local/tmp/t" = "scratch " }
;; A program that is given a directory of the principal's sees what the manifest opens of that home and
;; writes what it opens twice; what the machine keeps there is covered, and homes of others are not there.
(module
  (func $home (param $path i32) (param $bytes i32)
    (call $put (i32.const 1052) (i32.const 1296) (i32.const 1))
    (call $put (i32.const 1296) (@text "HOME"))
    (call $put (i32.const 1304) (local.get $path) (local.get $bytes)))
  (func $cwd (param $path i32) (param $bytes i32)
    (i32.store (i32.const 1060) (i32.const 1))
    (call $put (i32.const 1064) (local.get $path) (local.get $bytes)))
  (func $case
    (call $sh (@text "cat ~/notes/a ~/.local/tmp/t; echo x > ~/notes/b && echo wrote; (echo x > ~/c) 2>&- || echo denied; ls -A ~/.local/capsules; mkdir ~/.local/capsules/z 2>&- || echo shut; ls -A ~/.. | wc -l"))
    (call $home (@text "home://"))
    (call $prints (@text "mine scratch wrote\ndenied\nshut\n1\n") (@text "a home"))
    (call $sh (@text "cat a; cat ../notes/a"))
    (call $cwd (@text "home://notes"))
    (call $prints (@text "mine mine ") (@text "a directory of it"))
    (call $sh (@text "cat t; echo x > u && echo wrote"))
    (call $cwd (@text "tmp://"))
    (call $prints (@text "scratch wrote\n") (@text "the scratch directory"))
    (call $sh (@text "echo $HOME"))
    (call $home (@text "/as/it/is"))
    (call $prints (@text "/as/it/is\n") (@text "a text for a home"))
    (call $home (@text "home://nowhere"))
    (call $refused (@error "invalid-input") (@text "a home that is not there"))
    (call $sh (@text ""))
    (call $cwd (@text "home://.."))
    (call $refused (@error "boundary-escape") (@text "a directory above it"))
    (call $cwd (@text "home://notes/a"))
    (call $refused (@error "invalid-input") (@text "a file to start in"))))
