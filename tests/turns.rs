//! Capsules that run at the same time in a simulated world: they take turns, and the run ends.

mod support;

use std::path::PathBuf;

use support::{Output, Sandbox, component, minimal_manifest};

/// What the guests here have in common. Addresses below 8192 are their own.
const COMMON: &str = r#"
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "signal-ready" (func $ready))
  (import "astrid:sys/host@1.0.0" "sleep-ns" (func $sleep (param i64 i32)))
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.recv"
    (func $recv (param i32 i64 i32)))
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (data (i32.const 256) "ask.x") (data (i32.const 264) "say.x") (data (i32.const 272) "[1]")
  (data (i32.const 280) "yes") (data (i32.const 284) "no!") (data (i32.const 288) "nap")
  (func $listen (param $topic i32) (result i32)
    (call $subscribe (local.get $topic) (i32.const 5) (i32.const 1056))
    (i32.load (i32.const 1060)))
  (func $tell (param $topic i32)
    (call $publish (local.get $topic) (i32.const 5) (i32.const 272) (i32.const 3)
      (i32.const 1152)))
  ;; Whether a message has come within these milliseconds; -1 when it is to end.
  (func $heard (param $from i32) (param $ms i64) (result i32)
    (call $recv (local.get $from) (local.get $ms) (i32.const 1088))
    (if (i32.load8_u (i32.const 1088)) (then (return (i32.const -1))))
    (i32.ne (i32.load (i32.const 1100)) (i32.const 0)))
  (func $note (param $word i32)
    (call $log (i32.const 2) (local.get $word) (i32.const 3)))
"#;

/// A capsule of these functions, in a directory of its own.
fn guest(sandbox: &Sandbox, name: &str, topics: &str, functions: &str) -> String {
    let manifest = minimal_manifest(name) + topics;
    let component = component(&format!("(module {COMMON} {functions})"));
    let dir: PathBuf = sandbox.capsule_dir(name, &manifest, &component);
    dir.to_str().expect("a path in UTF-8").to_owned()
}

const ASKS: &str = "[publish]\n\"ask.x\" = \"opaque\"\n";
const SAYS: &str = "[publish]\n\"say.x\" = \"opaque\"\n";

/// A loop that answers each message with one.
fn answering(sandbox: &Sandbox, name: &str, hears: i32, tells: i32) -> String {
    let (to, of) = if hears == 256 { (SAYS, "ask.x") } else { (ASKS, "say.x") };
    let topics = format!("{to}[subscribe]\n\"{of}\" = \"opaque\"\n");
    let run = format!(
        r#"(func (export "run") (local $from i32) (local $heard i32)
          (local.set $from (call $listen (i32.const {hears})))
          (call $ready)
          (loop $on
            (local.set $heard (call $heard (local.get $from) (i64.const 60000)))
            (if (i32.lt_s (local.get $heard) (i32.const 0)) (then (return)))
            (if (local.get $heard) (then (call $tell (i32.const {tells}))))
            (br $on)))"#
    );
    guest(sandbox, name, &topics, &run)
}

/// A loop that sleeps for so many seconds again and again, and says so.
fn napping(sandbox: &Sandbox, name: &str, seconds: u64) -> String {
    let run = format!(
        r#"(func (export "run") (call $ready)
          (loop $on
            (call $sleep (i64.const {seconds}000000000) (i32.const 2048))
            (call $note (i32.const 288))
            (br_if $on (i32.eqz (i32.load8_u (i32.const 2048))))))"#
    );
    guest(sandbox, name, "", &run)
}

#[track_caller]
fn run(sandbox: &Sandbox, capsules: &[&str], more: &[&str]) -> Output {
    let args = ["run", "--seed", "1", "--follow"];
    let args = args.into_iter().chain(capsules.iter().copied()).chain(more.iter().copied());
    sandbox.run(args).expect_code(0)
}

/// What a run tells, but for how long it took.
fn told(output: &Output) -> String {
    let lines = output.stdout.lines().chain(output.stderr.lines());
    let lines = lines.map(|line| line.split(" cpu ").next().unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn same_every_time(sandbox: &Sandbox, capsules: &[&str], more: &[&str]) -> String {
    let first = told(&run(sandbox, capsules, more));
    for _ in 0..9 {
        assert_eq!(told(&run(sandbox, capsules, more)), first);
    }
    first
}

#[test]
fn a_handler_hears_the_answer_of_another_handler_that_it_waits_for() {
    let sandbox = Sandbox::new();
    let topics = "[publish]\n\"ask.x\" = \"opaque\"\n[subscribe]\n\"say.x\" = \"opaque\"\n\
                  \"go.x\" = { wit = \"opaque\", handler = \"go\" }\n";
    let asks = r#"(func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
        (local $from i32)
        (local.set $from (call $listen (i32.const 264)))
        (call $tell (i32.const 256))
        (call $note (select (i32.const 280) (i32.const 284)
          (call $heard (local.get $from) (i64.const 60000))))
        (call $continue-empty))"#;
    let asks = guest(&sandbox, "asks", topics, asks);
    let topics = "[publish]\n\"say.x\" = \"opaque\"\n\
                  [subscribe]\n\"ask.x\" = { wit = \"opaque\", handler = \"go\" }\n";
    let says = r#"(func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
        (call $sleep (i64.const 5000000000) (i32.const 2048))
        (call $tell (i32.const 264))
        (call $continue-empty))"#;
    let says = guest(&sandbox, "says", topics, says);
    let told = same_every_time(&sandbox, &[&asks, &says], &["--publish", "go.x=1"]);
    assert!(told.contains("asks info yes"), "{told}");
}

#[test]
fn loops_that_answer_each_other_for_ever_do_not_hold_up_the_end() {
    let sandbox = Sandbox::new();
    let one = answering(&sandbox, "one", 256, 264);
    let two = answering(&sandbox, "two", 264, 256);
    let output = run(&sandbox, &[&one, &two], &["--publish", "ask.x=1", "--for", "10s"]);
    assert!(output.stderr.contains("the virtual time is over"), "{}", output.stderr);
    assert!(output.stdout.lines().count() > 100, "they did answer");
}

#[test]
fn a_loop_that_only_looks_lets_time_pass_in_the_end() {
    let sandbox = Sandbox::new();
    let run_of = r#"(func (export "run") (local $from i32)
        (local.set $from (call $listen (i32.const 256)))
        (call $ready)
        (loop $on
          (br_if $on (i32.ge_s (call $heard (local.get $from) (i64.const 0)) (i32.const 0)))))"#;
    let looks = guest(&sandbox, "looks", "[subscribe]\n\"ask.x\" = \"opaque\"\n", run_of);
    let output = run(&sandbox, &[&looks], &["--for", "100s"]);
    assert!(output.stderr.contains("the virtual time is over"), "{}", output.stderr);
}

#[test]
fn a_handler_of_the_hosts_ticks_is_called_until_the_end_and_not_beyond() {
    let sandbox = Sandbox::new();
    let topics =
        "[subscribe]\n\"astrid.v1.watchdog.tick\" = { wit = \"opaque\", handler = \"t\" }\n";
    let ticks = r#"(func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
        (call $note (i32.const 288)) (call $continue-empty))"#;
    let ticks = guest(&sandbox, "ticks", topics, ticks);
    let told = same_every_time(&sandbox, &[&ticks], &["--for", "60s"]);
    assert_eq!(told.matches("ticks info nap").count(), 11, "{told}");
}

#[test]
fn messages_come_once_every_loop_listens_whoever_is_first() {
    let sandbox = Sandbox::new();
    let naps = napping(&sandbox, "naps", 30);
    let answers = answering(&sandbox, "answers", 256, 264);
    for capsules in [[&*naps, &*answers], [&*answers, &*naps]] {
        let more = ["--publish", "ask.x=1", "--until", "say.x"];
        let told = same_every_time(&sandbox, &capsules, &more);
        assert!(told.contains("say.x [1]"), "{told}");
    }
}

#[test]
fn the_end_of_a_loop_is_seen_at_the_same_moment_every_time() {
    let sandbox = Sandbox::new();
    let falls = r#"(func (export "run") (call $ready) unreachable)"#;
    let falls = guest(&sandbox, "falls", "", falls);
    let naps = napping(&sandbox, "naps", 1);
    let args = ["run", "--seed", "1", "--follow", "--for", "3s", &falls, &naps];
    let tell = || told(&sandbox.run(args).expect_code(6));
    let first = tell();
    assert!(first.contains("astrid.v1.health.failed"), "{first}");
    (0..9).for_each(|_| assert_eq!(tell(), first));
}

#[test]
fn what_loops_say_until_a_message_comes_is_the_same_every_time() {
    let sandbox = Sandbox::new();
    sandbox.file("world.toml", "messages = [{ topic = \"ask.x\", after = \"10s\" }]\n");
    let loops = [1, 2, 3, 4].map(|seconds| napping(&sandbox, &format!("naps{seconds}"), seconds));
    let loops: Vec<&str> = loops.iter().map(String::as_str).collect();
    let told = same_every_time(&sandbox, &loops, &["--given", "world.toml", "--until", "ask.x"]);
    assert!(told.contains("naps1 info nap"), "{told}");
}
