//! Instructions from the start of the program to its end, loader included, as callgrind counts them.
//!
//! The figures are of the profile that tests are built with. Another C library, processor or compiler
//! takes a few percent more or less; something that is set up and not used takes more than that.

use crate::figures::{self, Figures};
use crate::support::{Sandbox, component, minimal_manifest};

/// What is not for this repository to say.
const MARGIN_PERCENT: u64 = 8;

#[test]
fn a_cold_start_takes_no_more_instructions_than_recorded() {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let there = std::env::split_paths(&path).any(|folder| folder.join("valgrind").is_file());
    assert!(there, "valgrind is not on PATH: apt-get install valgrind");
    let sandbox = Sandbox::new();
    let hook = component(include_str!("../../benches/call/hook.wat"));
    let dir = sandbox.capsule_dir("hook", &minimal_manifest("hook"), &hook);
    let dir = dir.to_str().expect("a path in UTF-8");
    let _ = sandbox.run(["install", dir, "--yes"]).expect_code(0);
    // The first call has nothing to compile, and still leaves things as the next ones find them.
    let _ = sandbox.run(["invoke", "hook", "act"]).expect_code(0);
    let figures = Figures::from([
        ("capsule --version", instructions(&sandbox, &["--version"])),
        ("capsule list, one capsule", instructions(&sandbox, &["list"])),
        (
            "capsule invoke, a small installed capsule",
            instructions(&sandbox, &["invoke", "hook", "act"]),
        ),
    ]);
    figures::check("instructions.txt", &figures, MARGIN_PERCENT);
}

/// How many instructions `capsule` with these arguments takes.
fn instructions(sandbox: &Sandbox, args: &[&str]) -> u64 {
    let profile = sandbox.tmp().join("callgrind.out");
    let profile = format!("--callgrind-out-file={}", profile.display());
    let output = sandbox
        .program("valgrind")
        .args(["--tool=callgrind", &profile, env!("CARGO_BIN_EXE_capsule")])
        .args(args.iter().copied())
        .output()
        .expect_code(0);
    let collected = output.stderr.lines().find_map(|line| line.split_once("Collected : "));
    let (_, count) = collected.expect("valgrind tells what it counted");
    count.trim().parse().expect("a number")
}
