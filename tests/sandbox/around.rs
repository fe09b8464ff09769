//! What lies around a program: what is mounted inside of what it was granted, and the terminal of the
//! tool.

use std::fs;

use crate::support::Signal;
use crate::{CAPABILITIES, Stage, each_user, own};

#[test]
fn what_is_mounted_inside_a_grant_is_bounded_like_the_grant() {
    let stage = Stage::new(false, CAPABILITIES);
    for part in ["read", "write"] {
        stage.sandbox.file(format!("{part}/inner/below"), "covered\n");
    }
    // The mounts are made where only this tool sees them.
    let mounts = "for at in read/inner write/inner; do mount -t tmpfs none $at && echo there > $at/a; \
                  done; exec \"$0\" \"$@\"";
    let script = "cat read/inner/a write/inner/a; \
                  (echo x > read/inner/b) 2>/dev/null && echo wrote; \
                  echo x > write/inner/b && echo good; \
                  grep -E ' [^ ]*/(read|write)/inner ' /proc/self/mountinfo | cut -d ' ' -f 6; echo end";
    let capsule = stage.capsule.display().to_string();
    let tool = env!("CARGO_BIN_EXE_capsule");
    let output = stage
        .sandbox
        .program("unshare")
        .args(["-Urm", "sh", "-c", mounts, tool, "invoke", &capsule, "go", "--direct"])
        .args(["--payload", script])
        .output();
    let said = output.expect_code(0).stdout;
    assert!(said.starts_with("continue\nthere\nthere\ngood\n"), "{said}");
    // What is granted twice is there twice, and what may be written lies on top. Where nobody may mount
    // `/proc` nothing tells of mounts.
    let options: Vec<&str> = said.lines().filter(|line| line.contains("relatime")).collect();
    if let Some((top, below)) = options.split_last() {
        assert!(top.starts_with("rw,") && !below.is_empty(), "{said}");
        assert!(below.iter().all(|line| line.starts_with("ro,")), "{said}");
        assert!(options.iter().all(|line| line.contains("nosuid,nodev")), "{said}");
    }
}

#[test]
fn what_is_mounted_inside_a_grant_later_is_not_shown() {
    let stage = Stage::new(false, CAPABILITIES);
    stage.sandbox.file("read/inner/below", "as before\n");
    // The mounts around the tool are such as pass on what is mounted on them.
    let mounts = "\"$0\" \"$@\" & until test -e write/up; do kill -0 $! || exit; done; \
                  mount -t tmpfs none read/inner && echo there > read/inner/a && \
                  echo > write/down; wait $!";
    let script = "echo > write/up; until test -e write/down; do :; done; ls read/inner; echo end";
    let capsule = stage.capsule.display().to_string();
    let output = stage
        .sandbox
        .program("unshare")
        .args(["-Urm", "--propagation", "shared", "sh", "-c", mounts])
        .args([env!("CARGO_BIN_EXE_capsule"), "invoke", &capsule, "go", "--direct"])
        .args(["--payload", script])
        .output();
    let said = output.expect_code(0).stdout;
    assert!(said.starts_with("continue\nbelow\nend\n"), "{said}");
}

/// The session of a process and its terminal, as `/proc` tells them.
fn session(id: u32) -> (u32, i32) {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).expect("it runs");
    // The name of the program comes before, in parentheses, and may hold anything.
    let rest = stat.rsplit_once(") ").expect("the name is in parentheses").1;
    let part = |index: usize| rest.split(' ').nth(index).expect("there are some fifty of them");
    (part(3).parse().expect("a number"), part(4).parse().expect("a number"))
}

#[test]
fn a_program_is_in_a_session_of_its_own_and_has_no_terminal() {
    each_user(|stage| {
        for options in [&[][..], &["--allow-unsandboxed"]] {
            let running = stage.launch("sleep 3600; :", options).spawn();
            let tool = running.id();
            stage.wait_until(tool, "the program runs", |left| left.len() >= 2);
            let (ours, _) = session(tool);
            for program in stage.left(tool) {
                let (theirs, terminal) = session(program);
                assert_ne!(theirs, ours, "a signal to all of the tool's session reaches it");
                assert_eq!(terminal, 0);
            }
            running.signal(Signal::INT);
            let _ = running.finish().expect_code(130);
            stage.wait_until(0, "nothing is left", <[u32]>::is_empty);
        }
    });
}

#[test]
fn a_file_that_a_program_was_given_is_gone_with_it() {
    each_user(|stage| {
        let runner = stage.sandbox.fixture("runner");
        if stage.tool.is_some() {
            own(&runner);
        }
        let runner = runner.display().to_string();
        let payload = r#"{"args": ["-c", "cat $F"], "file": ["F", "top secret"]}"#;
        for options in [&[][..], &["--allow-unsandboxed"]] {
            let launch =
                stage.launch_by(&[]).args(["invoke", &runner, "run", "--payload", payload]);
            let said = stage.ended(launch.args(options.iter().copied())).expect_code(0).stdout;
            assert!(said.contains("top secret"), "{said}");
            let left = fs::read_dir(stage.sandbox.tmp()).expect("an own directory").flatten();
            let mut left = left.map(|entry| entry.file_name().to_string_lossy().into_owned());
            assert_eq!(left.find(|name| name.starts_with("capsule-")), None);
        }
    });
}
