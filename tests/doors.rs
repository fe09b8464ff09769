//! Sockets of capsules: who gets in, who has one, and what is left of them.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use support::{Running, Sandbox, Signal};

/// `asker`, installed, so that its socket is called after it.
fn furnished() -> Sandbox {
    let sandbox = Sandbox::new();
    let asker = sandbox.fixture("asker");
    let asker = asker.to_str().expect("a path in UTF-8");
    let answers = ["--set", "name=a", "--set", "size=small", "--set", "tags=a", "--set", "token=t"];
    let args = ["install", asker, "--yes"].into_iter().chain(answers);
    let _ = sandbox.run(args).expect_code(0);
    sandbox
}

fn serving(sandbox: &Sandbox) -> Running {
    let mut running = sandbox.capsule(["invoke", "asker", "serve"]).spawn();
    running.error_line_with("listening");
    running
}

fn socket(sandbox: &Sandbox) -> PathBuf {
    sandbox.home().join("run/capsule-asker.sock")
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

#[test]
fn a_program_talks_to_a_capsule_line_by_line() {
    let sandbox = furnished();
    let running = serving(&sandbox);
    let said = sandbox.capsule(["connect", "asker"]).stdin("one\n\nthree").output().expect_code(0);
    assert_eq!(said.stdout, "you said: one\nyou said: \nyou said: three\n");
    assert_eq!(said.stderr, "");
    let served = running.finish().expect_code(0);
    assert_eq!(served.stdout, "continue\n3\n");
    assert!(!socket(&sandbox).exists(), "the socket goes with the capsule");
}

#[test]
fn frames_are_json_lines_for_programs() {
    let sandbox = furnished();
    let running = serving(&sandbox);
    let args = ["connect", "asker", "--json", "--replies", "2"];
    let said = sandbox.capsule(args).stdin("a\nb\n").output().expect_code(0);
    let lines = said.json_lines();
    assert_eq!(lines[0]["schema"], "capsule.connect/1");
    assert_eq!(lines[0]["frame"], "you said: a");
    assert_eq!(lines[1].get("schema"), None);
    let _ = running.finish().expect_code(0);
}

#[test]
fn socket_and_token_are_for_their_owner_alone() {
    let sandbox = furnished();
    let running = serving(&sandbox);
    let socket = socket(&sandbox);
    assert_eq!(mode(&socket), 0o600);
    assert_eq!(mode(&socket.with_extension("token")), 0o600);
    assert_eq!(mode(socket.parent().expect("a directory")), 0o700);
    drop(running);
}

#[test]
fn a_socket_in_use_is_not_taken_away_and_one_of_a_killed_process_is_replaced() {
    let sandbox = furnished();
    let first = serving(&sandbox);
    // The second capsule hears that the address is in use, and answers with that.
    let second = sandbox.run(["invoke", "asker", "serve"]).expect_code(9);
    assert!(second.stdout.contains("AddressInUse"), "{}", second.stdout);
    assert!(second.stderr.contains("another process listens"), "{}", second.stderr);
    first.signal(Signal::KILL);
    let killed = first.finish();
    assert_eq!(killed.code(), None, "{}", killed.end());
    assert!(socket(&sandbox).exists(), "a killed process cleans nothing up");
    let gone = sandbox.run(["connect", "asker"]).expect_code(10);
    assert!(gone.stderr.contains("asker does not listen on its socket"), "{}", gone.stderr);
    let third = serving(&sandbox);
    let args = ["connect", "asker", "--replies", "1"];
    let said = sandbox.capsule(args).stdin("again\n").output().expect_code(0);
    assert_eq!(said.stdout, "you said: again\n");
    let _ = third.finish().expect_code(0);
}

#[test]
fn whoever_has_another_token_is_turned_away_and_others_are_not() {
    let sandbox = furnished();
    let running = serving(&sandbox);
    let token = socket(&sandbox).with_extension("token");
    let right = fs::read(&token).expect("it is there");
    fs::write(&token, "f".repeat(64)).expect("it is ours");
    let refused = sandbox.run(["connect", "asker"]).expect_code(4);
    assert!(refused.stderr.contains("the token is not the one"), "{}", refused.stderr);
    fs::write(&token, right).expect("it is ours");
    let said = sandbox.capsule(["connect", "asker"]).stdin("me\n").output().expect_code(0);
    assert_eq!(said.stdout, "you said: me\n");
    let _ = running.finish().expect_code(0);
}

#[test]
fn ctrl_c_ends_a_capsule_that_waits_for_somebody_and_removes_its_socket() {
    let sandbox = furnished();
    let running = serving(&sandbox);
    running.signal(Signal::INT);
    let _ = running.finish().expect_code(130);
    assert!(!socket(&sandbox).exists());
    assert!(!socket(&sandbox).with_extension("token").exists());
}

#[test]
fn a_client_waits_for_the_socket_and_says_what_did_not_come() {
    let sandbox = furnished();
    let args = ["connect", "asker", "--wait", "60s", "--replies", "2"];
    let client = sandbox.capsule(args).stdin("only\n").spawn();
    let running = serving(&sandbox);
    let heard = client.finish().expect_code(1);
    assert_eq!(heard.stdout, "you said: only\n");
    assert!(heard.stderr.contains("1 of 2 frames came before the end"), "{}", heard.stderr);
    let _ = running.finish().expect_code(0);
}

#[test]
fn a_throw_away_home_has_a_socket_of_its_own() {
    let sandbox = furnished();
    let mut running = sandbox.capsule(["invoke", "asker", "serve", "--ephemeral"]).spawn();
    let line = running.error_line_with("listens on ");
    assert!(line.contains(sandbox.tmp().to_str().expect("a path in UTF-8")), "{line}");
    assert!(!socket(&sandbox).exists());
    running.signal(Signal::INT);
    let _ = running.finish().expect_code(130);
}

#[test]
fn what_a_killed_tool_left_of_a_throw_away_home_goes_when_the_next_one_is_made() {
    let sandbox = furnished();
    let left = || {
        let entries = std::fs::read_dir(sandbox.tmp()).expect("readable").flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut names: Vec<String> = names
            .filter(|name| name.starts_with("capsule-home-") || name.starts_with("capsule-door-"))
            .collect();
        names.sort();
        names
    };
    let serve = || {
        let mut running = sandbox.capsule(["invoke", "asker", "serve", "--ephemeral"]).spawn();
        running.error_line_with("listens on ");
        running
    };
    let running = serve();
    running.signal(Signal::KILL);
    let _ = running.finish();
    let killed = left();
    assert_eq!(killed.len(), 2, "{killed:?}");
    let running = serve();
    let next = left();
    assert!(next.len() == 2 && !next.iter().any(|name| killed.contains(name)), "{next:?}");
    running.signal(Signal::INT);
    let _ = running.finish().expect_code(130);
    assert_eq!(left(), [""; 0]);
}

#[test]
fn a_client_does_not_wait_for_ever() {
    let sandbox = furnished();
    let running = serving(&sandbox);
    let mut first = sandbox.capsule(["connect", "asker"]).spawn_with_stdin();
    first.send("hello\n");
    assert_eq!(first.line(), "you said: hello");
    // The capsule talks to one program at a time, and that is somebody else.
    let late = sandbox.run(["connect", "asker", "--for", "1s", "--replies", "1"]).expect_code(8);
    assert!(late.stderr.contains("the capsule let nobody in in time"), "{}", late.stderr);
    drop(first);
    let _ = running.finish().expect_code(0);
}
