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
          (func $begin (call $seen) {begin})
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
    let output = sandbox.run(["run", path(&endless), "--for", "100ms", "--json"]).expect_code(0);
    let lines = output.json_lines();
    assert_eq!(lines.last().expect("a summary")["end"], "the time of --for is over");
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
