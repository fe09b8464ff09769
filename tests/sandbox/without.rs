//! Machines that do not give what a sandbox is made of. Here they are namespaces in which no more may
//! be made, which is a setting of theirs.

use std::fs;
use std::process::Command;

use crate::{each_user, own};

/// What makes such a place of the kind of namespace that is its first argument, and starts the rest.
const FORBID: &str = "echo 0 > /proc/sys/user/max_$0_namespaces && exec \"$@\"";

#[test]
fn without_one_of_its_namespaces_no_program_starts_unless_the_sandbox_is_given_up() {
    each_user(|stage| {
        let runner = stage.sandbox.fixture("runner");
        if stage.tool.is_some() {
            own(&runner);
        }
        let runner = runner.display().to_string();
        let ran = stage.sandbox.workspace().join("write/ran");
        let payload = r#"{"args": ["-c", "echo x > write/ran"]}"#;
        let run = ["invoke", &runner, "run", "--direct", "--json", "--payload", payload];
        for kind in ["user", "mnt", "pid", "net", "ipc", "uts"] {
            let launch = || stage.launch_by(&["unshare", "-Ur", "sh", "-c", FORBID, kind]);
            let refused = launch().args(run).output().expect_code(9).json();
            let reason = refused["reason"].as_str().expect("a reason");
            for part in [
                "programs are not started here: this machine gives no more namespaces",
                "`capsule doctor`",
                "`--allow-unsandboxed`",
            ] {
                assert!(reason.contains(part), "{kind}: {reason}");
            }
            assert!(!ran.exists(), "{kind}: it ran all the same");
            let doctor = launch().args(["doctor"]).output().expect_code(1).stdout;
            let setting = format!("user.max_{kind}_namespaces");
            assert!(doctor.contains(&format!("cannot be confined: {setting} is 0")), "{doctor}");
            assert!(doctor.contains(&format!("sysctl -w {setting}=")), "{doctor}");
            let given_up = launch().args(run).args(["--allow-unsandboxed"]).output();
            assert_eq!(given_up.expect_code(0).json()["unsandboxed"], true, "{kind}");
            fs::remove_file(&ran).expect("it ran");
        }
    });
}

/// Starts the rest where a system call is not permitted.
fn refusing(call: libc::c_long) -> String {
    let prctl = libc::SYS_prctl;
    format!(
        "$filter = pack(\"SCCL\" x 4, 0x20, 0, 0, 0, 0x15, 0, 1, {call}, 6, 0, 0, 0x50001, \
         6, 0, 0, 0x7fff0000); $program = pack(\"S x6 P\", 4, $filter); \
         syscall({prctl}, 38, 1, 0, 0, 0) == 0 and syscall({prctl}, 22, 2, $program, 0, 0) == 0 \
         or die; exec @ARGV"
    )
}

/// Whether the kernel has Landlock, without which a sandbox is complete where it has not.
fn has_landlock() -> bool {
    let script =
        format!("exit(syscall({}, 0, 0, 1) > 0 ? 0 : 1)", libc::SYS_landlock_create_ruleset);
    Command::new("perl").args(["-e", &script]).status().expect("`perl` runs").success()
}

#[test]
fn a_sandbox_that_cannot_be_completed_is_none() {
    each_user(|stage| {
        let runner = stage.sandbox.fixture("runner");
        if stage.tool.is_some() {
            own(&runner);
        }
        let runner = runner.display().to_string();
        let payload = r#"{"args": ["-c", "echo x > write/ran"]}"#;
        let run = ["invoke", &runner, "run", "--direct", "--json", "--payload", payload];
        let mut parts = vec![("seccomp", libc::SYS_seccomp)];
        if has_landlock() {
            parts.push(("Landlock", libc::SYS_landlock_restrict_self));
        }
        for (part, call) in parts {
            let starter = refusing(call);
            let launch = || stage.launch_by(&["perl", "-e", &starter]);
            let refused = launch().args(run).output().expect_code(9).json();
            let reason = refused["reason"].as_str().expect("a reason");
            let start = format!("programs are not started here: {part}: ");
            assert!(reason.contains(&start), "{reason}");
            assert!(!stage.sandbox.workspace().join("write/ran").exists(), "{part}");
            let doctor = launch().args(["doctor"]).output().expect_code(1).stdout;
            assert!(doctor.contains(&format!("cannot be confined: {part}: ")), "{doctor}");
        }
    });
}

#[test]
fn without_namespaces_this_suite_fails_and_says_what_to_allow() {
    let suite = std::env::current_exe().expect("this program has a path");
    let ended = Command::new("unshare")
        .args(["-Ur", "sh", "-c", FORBID, "user"])
        .arg(suite)
        .args([
            "--exact",
            "nothing_outside_the_grant_is_read",
            "kernel::system_calls_have_no_other_numbers",
        ])
        .output()
        .expect("`unshare` runs");
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(said.contains("0 passed; 2 failed; 0 ignored"), "{said}");
    assert!(
        said.contains("this machine has to allow user namespaces, see CONTRIBUTING.md"),
        "{said}"
    );
}
