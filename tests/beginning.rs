//! How a run begins: what is loaded, tried out and started before anything is served, and how that ends.

mod support;

use std::path::{Path, PathBuf};

use serde_json::Value;
use support::{Sandbox, Signal, component};

fn manifest(name: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\n\
         [[component]]\nfile = \"{name}.wasm\"\n\
         [subscribe]\n\"t.ask\" = {{ wit = \"opaque\", handler = \"ask\" }}\n"
    )
}

/// A capsule with a handler that does this as it begins, in a call that a trace shows.
fn beginning_with(sandbox: &Sandbox, name: &str, begin: &str) -> PathBuf {
    let bytes = component(&format!(
        r#"(module
          (import "astrid:sys/host@1.0.0" "signal-ready" (func $seen))
          (func $begin (local $n i32) (call $seen) {begin})
          (start $begin)
          (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
            (call $continue-empty)))"#
    ));
    sandbox.capsule_dir(name, &manifest(name), &bytes)
}

const ENDLESS: &str = "(loop $forever (br $forever))";

fn path(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

#[test]
fn ctrl_c_ends_what_never_begins_and_the_run_is_summed_up() {
    let sandbox = Sandbox::new();
    let endless = beginning_with(&sandbox, "endless", ENDLESS);
    for signal in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let args = ["run", path(&endless), "--json", "--publish", "t.ask={}"];
        let args = args.into_iter().chain(["--trace-format", "chrome", "--trace-output", "trace"]);
        let mut running = sandbox.capsule(args).spawn_with_stdin();
        running.error_line_with("endless is not ready to be called after 500 ms");
        running.signal(signal.0);
        let output = running.finish().expect_code(signal.1);
        let lines = output.json_lines();
        let summary = lines.last().expect("a summary");
        assert_eq!(summary["event"], "summary");
        assert_eq!((&summary["end"], &summary["messages"]), (&"interrupted".into(), &0.into()));
        let fuel = &summary["principals"][0];
        assert_eq!(fuel["id"], "default");
        assert!(fuel["fuel"].as_u64().is_some_and(|fuel| fuel > 1_000_000), "it pays: {summary}");
        let trace = std::fs::read(sandbox.workspace().join("trace")).expect("the trace");
        let trace: Value = serde_json::from_slice(&trace).expect("it is closed");
        let shown = trace.as_array().expect("events").iter();
        assert_eq!(shown.filter(|event| event["name"] == "sys.signal-ready").count(), 1);
    }
}

#[test]
fn the_time_of_a_run_is_over_also_while_something_begins() {
    let sandbox = Sandbox::new();
    let endless = beginning_with(&sandbox, "endless", ENDLESS);
    for (more, code) in [
        (&["--for", "100ms"][..], 0),
        (&["--for", "100ms", "--publish", "t.ask={}"], 8),
        (&["--for", "100ms", "--until", "t.answer"], 8),
        (&["--for", "200ms", "--ready-timeout", "50ms"], 8),
    ] {
        let args = ["run", path(&endless), "--json"];
        let output = sandbox.run(args.iter().chain(more).copied()).expect_code(code);
        let lines = output.json_lines();
        let summary = lines.last().expect("a summary");
        assert_eq!(summary["end"], "the time of --for is over");
        assert_eq!(summary["capsules"][0]["end"], "idle", "it was never served");
    }
}

/// Uses forty times 59 million units of fuel, and little time.
const HEAVY: &str = "
    (drop (memory.grow (i32.const 899)))
    (loop $more
      (memory.fill (i32.const 0) (i32.const 0) (i32.const 58982400))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $n) (i32.const 40))))";

#[test]
fn whoever_begins_with_more_than_a_second_of_fuel_is_called_all_the_same() {
    let sandbox = Sandbox::new();
    sandbox.profile("default", "[quotas]\nmax_cpu_fuel_per_sec = 1000000\n");
    let heavy = beginning_with(&sandbox, "heavy", HEAVY);
    let args = ["run", path(&heavy), "--publish", "t.ask={}", "--json"];
    let lines = sandbox.run(args).expect_code(0).json_lines();
    let summary = lines.last().expect("a summary");
    let counts = ["messages_in", "refused"].map(|name| &summary["capsules"][0][name]);
    assert_eq!(counts, [&Value::from(1), &Value::from(0)], "{summary}");
    let used = summary["principals"][0]["fuel"].as_u64().expect("a number");
    assert!(used > 40 * 58_982_400, "it is on the owner's tab: {used}");
}

#[test]
fn no_loop_runs_beside_handlers_that_cannot_be_called() {
    let sandbox = Sandbox::new();
    let (echo, unborn) =
        (sandbox.fixture("echo-loop"), beginning_with(&sandbox, "unborn", "unreachable"));
    for more in [&[][..], &["--instances", "fresh"]] {
        let args = ["run", path(&echo), path(&unborn), "--trace"];
        let output = sandbox.run(args.into_iter().chain(more.iter().copied())).expect_code(6);
        assert!(output.stderr.contains("unborn cannot be instantiated"), "{}", output.stderr);
        let calls: Vec<&str> = output.stderr.lines().filter(|line| line.contains(" #")).collect();
        assert_eq!(calls.len(), 1, "the loop calls nothing: {calls:?}");
        assert!(!output.stderr.contains("ended"), "nothing is summed up: {}", output.stderr);
    }
}

#[test]
fn what_an_instance_took_that_nobody_called_is_in_the_summary() {
    let sandbox = Sandbox::new();
    let idle = beginning_with(&sandbox, "idle", "(drop (memory.grow (i32.const 7)))");
    let output = sandbox.run(["run", path(&idle), "--json"]).expect_code(0);
    let lines = output.json_lines();
    let summary = lines.last().expect("a summary");
    let peak = &summary["capsules"][0]["memory_peak_bytes"];
    assert!(peak.as_u64().is_some_and(|peak| peak >= 7 << 16), "{summary}");
    assert_eq!(*peak, summary["principals"][0]["memory_peak_bytes"]);
    assert_eq!(summary["instances"]["made"], 1);
}

/// A capsule with a loop that does this.
fn looping(sandbox: &Sandbox, name: &str, body: &str) -> PathBuf {
    let bytes = component(&format!(
        r#"(module
          (import "astrid:sys/host@1.0.0" "signal-ready" (func $ready))
          (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
          (import "astrid:ipc/host@1.0.0" "[method]subscription.recv"
            (func $recv (param i32 i64 i32)))
          (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
          (data (i32.const 0) "t.ask")
          (data (i32.const 16) "t.say1")
          (func $tell
            (call $publish
              (i32.const 16) (i32.const 5) (i32.const 21) (i32.const 1) (i32.const 1536)))
          (func $wait
            (call $recv (i32.load (i32.const 1028)) (i64.const 60000) (i32.const 2048)))
          (func (export "run")
            (call $subscribe (i32.const 0) (i32.const 5) (i32.const 1024))
            {body}))"#
    ));
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\n\
         [[component]]\nfile = \"{name}.wasm\"\n\
         [publish]\n\"t.say\" = \"opaque\"\n\
         [subscribe]\n\"t.ask\" = \"opaque\"\n"
    );
    sandbox.capsule_dir(name, &manifest, &bytes)
}

/// What the summary says of the health of each capsule, in order.
fn health(lines: &[Value]) -> Vec<&str> {
    let summary = lines.last().expect("a summary");
    let capsules = summary["capsules"].as_array().expect("a list").iter();
    capsules.map(|capsule| capsule["health"].as_str().unwrap_or("none")).collect()
}

#[test]
fn all_loops_together_have_the_time_that_one_has_to_be_ready() {
    let sandbox = Sandbox::new();
    let never = looping(&sandbox, "never", "(call $wait)");
    let other = looping(&sandbox, "other", "(call $wait)");
    let ready = looping(&sandbox, "ready", "(call $ready) (call $wait)");
    let args = ["run", path(&never), path(&other), path(&ready), "--ready-timeout", "300ms"];
    let mut running = sandbox.capsule(args.into_iter().chain(["--json"])).spawn_with_stdin();
    running.line_with("astrid.v1.capsules_loaded");
    running.signal(Signal::INT);
    let output = running.finish().expect_code(130);
    let lines = output.json_lines();
    let ready = lines.iter().filter(|line| line["event"] == "ready");
    assert_eq!(ready.map(|line| &line["capsule"]).collect::<Vec<_>>(), ["ready"]);
    let late = output.stderr.matches("has not signalled readiness after 300 ms").count();
    assert_eq!(late, 2, "{}", output.stderr);
    let loaded = lines.iter().find(|line| line["topic"] == "astrid.v1.capsules_loaded");
    let waited = loaded.expect("it was seen")["time_us"].as_u64().expect("a number");
    assert!(waited >= 300_000, "they had their time: {waited}");
    // Two waits one after the other would make 600 ms: the second has what the first left.
    let said = lines.iter().position(|line| line["event"] == "ready");
    let loaded = lines.iter().position(|line| line["topic"] == "astrid.v1.capsules_loaded");
    assert!(said < loaded, "whoever is ready is heard before messages come");
}

#[test]
fn a_loop_that_fails_leaves_the_others_alone_and_is_the_end_that_counts() {
    let sandbox = Sandbox::new();
    let good = looping(&sandbox, "good", "(call $ready) (call $wait) (call $wait)");
    let done = looping(&sandbox, "done", "(call $ready) (call $wait)");
    let bad = looping(&sandbox, "bad", "(call $ready) (call $wait) unreachable");
    let args = ["run", path(&good), path(&bad), "--json", "--publish", "t.ask={}"];
    let mut running = sandbox.capsule(args).spawn_with_stdin();
    running.line_with("\"event\":\"trap\"");
    running.signal(Signal::INT);
    let output = running.finish().expect_code(130);
    assert_eq!(health(&output.json_lines()), ["exited", "failed"], "{}", output.stdout);
    let args = ["run", path(&done), path(&bad), "--json", "--publish", "t.ask={}"];
    let output = sandbox.run(args).expect_code(6);
    assert_eq!(health(&output.json_lines()), ["exited", "failed"]);
}

#[test]
fn a_loop_that_cannot_be_started_again_is_tried_again_and_given_up_in_the_end() {
    let sandbox = Sandbox::new();
    let capsule = looping(&sandbox, "fragile", "(call $ready) (call $wait) unreachable");
    let restarts = ["--restart", "on-failure", "--restart-limit", "2", "--restart-delay", "1ms"];
    let args = ["run", path(&capsule), "--events", "-"].into_iter().chain(restarts);
    let mut running = sandbox.capsule(args).spawn_with_stdin();
    running.error_line_with("fragile ready");
    // Nobody may act under this one.
    sandbox.profile("default", "[quotas\n");
    running.send("{\"topic\": \"t.ask\", \"payload\": {}}\n");
    let line = running.error_line_with("fragile is given up after 2 restarts");
    assert!(line.contains("default"), "it says why: {line}");
    let _ = running.finish().expect_code(4);
}

#[test]
fn messages_that_wait_for_a_loop_until_the_time_is_over_are_no_good_end() {
    let sandbox = Sandbox::new();
    let slow = looping(&sandbox, "slow", "(call $wait) (call $ready)");
    let args = ["run", path(&slow), "--for", "100ms", "--ready-timeout", "1h"];
    let _ = sandbox.run(args).expect_code(0);
    let output = sandbox.run(args.into_iter().chain(["--publish", "t.ask={}"])).expect_code(8);
    assert!(output.stderr.contains("not every capsule was ready"), "{}", output.stderr);
}

#[test]
fn what_a_loop_says_when_it_is_asked_to_end_is_heard_and_counted() {
    let sandbox = Sandbox::new();
    let parting = looping(&sandbox, "parting", "(call $ready) (call $wait) (call $tell)");
    let mut running = sandbox.capsule(["run", path(&parting), "--json"]).spawn_with_stdin();
    running.line_with("\"event\":\"ready\"");
    running.signal(Signal::INT);
    let output = running.finish().expect_code(130);
    let lines = output.json_lines();
    let said = lines.iter().find(|line| line["topic"] == "t.say").expect("it is heard");
    assert_eq!(said["source"], "parting");
    let summary = lines.last().expect("a summary");
    assert_eq!(summary["capsules"][0]["messages_out"], 1, "{summary}");
}

#[test]
fn a_run_that_fails_does_not_say_that_its_loops_have_ended() {
    let sandbox = Sandbox::new();
    let idle = beginning_with(&sandbox, "idle", "");
    let events = sandbox.file("events.jsonl", "no JSON\n");
    let args = ["run", path(&idle), "--events", path(&events), "--json"];
    let lines = sandbox.run(args).expect_code(2).json_lines();
    let summary = lines.iter().find(|line| line["event"] == "summary").expect("a summary");
    assert_eq!(summary["end"], "the run failed");
}
