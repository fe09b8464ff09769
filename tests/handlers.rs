//! Handlers and tools in a process that a user watches and interrupts.

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use support::{Running, Sandbox, Signal, component, minimal_manifest};

/// Sends a message for an action of `greedy` on somebody's behalf.
#[track_caller]
fn send(running: &mut Running, principal: &str, action: &str, payload: &Value) {
    let topic = format!("greedy.v1.request.{action}");
    let event = json!({"topic": topic, "payload": payload, "principal": principal});
    running.send(&format!("{event}\n"));
}

#[test]
fn an_endless_handler_of_one_principal_holds_up_no_other_and_what_it_held_up_is_counted() {
    let sandbox = Sandbox::new();
    for principal in ["alice", "bob"] {
        sandbox.profile(principal, "");
    }
    let greedy = sandbox.fixture("greedy");
    let greedy = greedy.to_str().expect("a path in UTF-8");
    let mut running =
        sandbox.capsule(["run", greedy, "--json", "--events", "-"]).spawn_with_stdin();
    running.line_with("\"event\":\"loaded\"");
    for _ in 0..3 {
        send(&mut running, "alice", "burn", &json!({}));
    }
    for _ in 0..5 {
        send(&mut running, "bob", "sleep", &json!({"ms": 1}));
        let handled = running.line_with("\"event\":\"handled\"");
        let handled: Value = serde_json::from_str(&handled).expect("a line of JSON");
        assert_eq!(
            (&handled["action"], &handled["outcome"]),
            (&json!("sleep"), &json!("continue"))
        );
    }
    running.signal(Signal::INT);
    let output = running.finish().expect_code(130);
    let lines = output.json_lines();
    let summary = &lines.last().expect("a summary")["capsules"][0];
    // One of the three was under way and is cancelled; two were not called.
    let counts = ["messages_in", "undelivered", "failed", "denied", "refused", "dropped"]
        .map(|name| summary[name].as_u64().expect("a number"));
    assert_eq!(counts, [6, 2, 0, 0, 0, 0], "{summary}");
}

#[test]
fn a_principal_that_may_not_act_is_refused_and_counted_and_ends_the_run_with_a_denial() {
    let sandbox = Sandbox::new();
    let greedy = sandbox.fixture("greedy");
    let events = sandbox.file(
        "events.jsonl",
        concat!(
            r#"{"topic":"greedy.v1.request.sleep","payload":{"ms":0},"principal":"mallory"}"#,
            "\n",
            r#"{"topic":"greedy.v1.request.sleep","payload":{"ms":0}}"#,
            "\n"
        ),
    );
    let path = |path: &std::path::Path| path.to_str().expect("a path in UTF-8").to_owned();
    let args = ["run", &path(&greedy), "--json", "--events", &path(&events)];
    let output = sandbox.run(args).expect_code(4);
    let lines = output.json_lines();
    let refused = lines.iter().find(|line| line["event"] == "denied").expect("it is said");
    assert!(refused["reason"].as_str().is_some_and(|text| text.contains("mallory")), "{refused}");
    let summary = &lines.last().expect("a summary")["capsules"][0];
    assert_eq!((&summary["refused"], &summary["messages_in"]), (&json!(1), &json!(1)), "{summary}");
}

/// Sets whether a principal may be acted for, and asks for a call on their behalf.
#[track_caller]
fn enabled(sandbox: &Sandbox, running: &mut Running, enabled: bool) -> Value {
    sandbox.profile("alice", &format!("enabled = {enabled}\n"));
    send(running, "alice", "sleep", &json!({"ms": 0}));
    next(running)
}

/// The next line about a message for a handler.
#[track_caller]
fn next(running: &mut Running) -> Value {
    loop {
        let line: Value = serde_json::from_str(&running.line_with("\"event\"")).expect("JSON");
        if ["handled", "denied"].iter().any(|event| line["event"] == *event) {
            return line;
        }
    }
}

#[test]
fn a_principal_is_refused_while_disabled_and_served_again_when_enabled() {
    let sandbox = Sandbox::new();
    let greedy = sandbox.fixture("greedy");
    sandbox.profile("alice", "");
    let args = ["run", greedy.to_str().expect("a path in UTF-8"), "--json", "--events", "-"];
    let mut running = sandbox.capsule(args).spawn_with_stdin();
    running.line_with("\"event\":\"loaded\"");
    assert_eq!(enabled(&sandbox, &mut running, true)["outcome"], "continue");
    let refused = enabled(&sandbox, &mut running, false);
    assert_eq!(refused["event"], "denied", "{refused}");
    assert!(refused["reason"].as_str().is_some_and(|text| text.contains("alice")), "{refused}");
    assert_eq!(enabled(&sandbox, &mut running, true)["outcome"], "continue");
    // Being refused is remembered for the exit code.
    running.close_stdin();
    let _ = running.finish().expect_code(4);
}

/// A handler that says that it waits and then waits for `a.go`.
const PATIENT: &str = r#"(module
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.recv" (func $recv (param i32 i64 i32)))
  (data (i32.const 0) "waitinga.go")
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $subscribe (i32.const 7) (i32.const 4) (i32.const 16))
    (call $log (i32.const 2) (i32.const 0) (i32.const 7))
    (call $recv (i32.load (i32.const 20)) (i64.const 60000) (i32.const 64))
    (call $continue-empty)))"#;

#[test]
fn a_call_under_way_finishes_when_its_principal_is_disabled_meanwhile() {
    let sandbox = Sandbox::new();
    sandbox.profile("alice", "");
    let manifest = format!(
        "{}\n[subscribe]\n\"a.wait\" = {{ wit = \"opaque\", handler = \"wait\" }}\n\
         \"a.go\" = \"opaque\"\n",
        minimal_manifest("patient")
    );
    let dir = sandbox.capsule_dir("patient", &manifest, &component(PATIENT));
    let dir = dir.to_str().expect("a path in UTF-8");
    let mut running =
        sandbox.capsule(["run", dir, "--json", "-v", "--events", "-"]).spawn_with_stdin();
    running.line_with("\"event\":\"loaded\"");
    let wait = "{\"topic\":\"a.wait\",\"payload\":{},\"principal\":\"alice\"}\n";
    running.send(wait);
    running.line_with("waiting");
    sandbox.profile("alice", "enabled = false\n");
    running.send(wait);
    running.send("{\"topic\":\"a.go\",\"payload\":{}}\n");
    assert_eq!(next(&mut running)["outcome"], "continue", "the call under way");
    assert_eq!(next(&mut running)["event"], "denied", "the one after it");
    running.close_stdin();
    let _ = running.finish().expect_code(4);
}

#[test]
fn changes_are_kept_back_when_somebody_else_changed_the_same_file_meanwhile() {
    let sandbox = Sandbox::new();
    let scribe = sandbox.fixture("scribe");
    let note = sandbox.file("notes/old", "first");
    let args = ["run", scribe.to_str().expect("a path in UTF-8"), "--commit", "--events", "-"];
    let mut running = sandbox.capsule(args).spawn_with_stdin();
    let event = |action: &str, payload: Value| {
        let topic = format!("scribe.v1.request.{action}");
        format!("{}\n", json!({"topic": topic, "payload": payload}))
    };
    running.send(&event("append", json!({"path": "notes/old", "text": " of the guest"})));
    running.send(&event("write", json!({"path": "notes/new", "text": "x"})));
    running.error_line_with("scribe append continue");
    running.error_line_with("scribe write continue");
    std::fs::write(&note, "first of somebody else").expect("writable");
    running.close_stdin();
    let output = running.finish().expect_code(10);
    assert!(output.stderr.contains("notes/old"), "{}", output.stderr);
    assert_eq!(std::fs::read_to_string(&note).expect("there"), "first of somebody else");
    assert!(!note.with_file_name("new").exists(), "all or nothing");
}

/// A tool that says that it waits and then waits for a minute.
const WAITING: &str = r#"(module
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "sleep-ns" (func $sleep (param i64 i32)))
  (data (i32.const 0) "waiting")
  (func (export "astrid-hook-trigger") (param i32) (param $bytes i32) (param i32 i32) (result i32)
    ;; `tool_describe` is shorter than `tool_execute_wait`.
    (if (i32.eq (local.get $bytes) (i32.const 17))
      (then
        (call $log (i32.const 2) (i32.const 0) (i32.const 7))
        (call $sleep (i64.const 60000000000) (i32.const 16))))
    (call $continue-empty)))"#;

#[test]
fn interrupting_a_call_of_a_tool_ends_the_tool_and_still_gives_a_document() {
    let sandbox = Sandbox::new();
    let manifest = format!(
        "{}\n[subscribe]\n\"tool.v1.execute.wait\" = {{ wit = \"opaque\", handler = \
         \"tool_execute_wait\" }}\n",
        minimal_manifest("waiting")
    );
    let dir = sandbox.capsule_dir("waiting", &manifest, &component(WAITING));
    let dir = dir.to_str().expect("a path in UTF-8");
    let mut running = sandbox.capsule(["tool", "call", dir, "wait", "--json"]).spawn();
    running.error_line_with("waiting info waiting");
    running.signal(Signal::INT);
    let output = running.finish().expect_code(130);
    let report = output.json();
    assert_eq!(
        (&report["schema"], &report["outcome"]),
        (&json!("capsule.tool-call/1"), &json!("cancelled"))
    );
    assert!(report["fuel"]["call"].as_u64() > Some(0), "{report}");
}

/// A tool that waits in a program, a script of `sh`, and denies with why that was refused. `MARK` and
/// `SCRIPT` are replaced.
const IN_A_PROGRAM: &str = r#"(module
  (import "astrid:process/host@1.1.0" "spawn" (func $spawn (param i32 i32)))
  (data (i32.const 0) "sh-ccancelledotherwise")
  (data (i32.const 2048) "SCRIPT # MARK")
  (func $pair (param $at i32) (param $a i32) (param $b i32)
    (i32.store (local.get $at) (local.get $a))
    (i32.store offset=4 (local.get $at) (local.get $b)))
  (func (export "astrid-hook-trigger") (param i32) (param $bytes i32) (param i32 i32) (result i32)
    ;; `tool_describe` is shorter than `tool_execute_wait`.
    (if (i32.ne (local.get $bytes) (i32.const 17)) (then (return (call $continue-empty))))
    (call $pair (i32.const 1024) (i32.const 0) (i32.const 2))
    (call $pair (i32.const 1032) (i32.const 1280) (i32.const 2))
    (call $pair (i32.const 1280) (i32.const 2) (i32.const 2))
    (call $pair (i32.const 1288) (i32.const 2048) (i32.const BYTES))
    (call $spawn (i32.const 1024) (i32.const 512))
    (if (i32.and (i32.load8_u (i32.const 512)) (i32.eq (i32.load8_u (i32.const 516)) (i32.const 6)))
      (then (return (call $deny (i32.const 4) (i32.const 9)))))
    (call $deny (i32.const 13) (i32.const 9))))"#;

/// Makes a capsule whose tool `wait` runs a script; the mark tells its program from all others.
fn waits_in(sandbox: &Sandbox, name: &str, topic: &str, script: &str) -> (String, String) {
    let home = sandbox.home().display().to_string();
    let mark = format!("{name} of {home}");
    let script = format!("{script} # {mark}");
    let module = IN_A_PROGRAM.replace("SCRIPT # MARK", &script.replace('"', "\\22"));
    let module = module.replace("BYTES", &script.len().to_string());
    let manifest = format!(
        "{}\n[capabilities]\nhost_process = [\"sh\"]\nfs_read = [\"cwd://\"]\n\
         fs_write = [\"cwd://\"]\n[subscribe]\n\"{topic}\" = {{ wit = \"opaque\", handler = \
         \"tool_execute_wait\" }}\n",
        minimal_manifest(name)
    );
    let dir = sandbox.capsule_dir(name, &manifest, &component(&module));
    (dir.to_str().expect("a path in UTF-8").to_owned(), mark)
}

/// Whether a process runs with this in its command line.
fn runs(mark: &str) -> bool {
    let processes = std::fs::read_dir("/proc").expect("/proc is mounted").flatten();
    let mut commands = processes.filter_map(|it| std::fs::read(it.path().join("cmdline")).ok());
    commands.any(|command| String::from_utf8_lossy(&command).contains(mark))
}

#[track_caller]
fn wait_until(what: &str, wanted: impl Fn() -> bool) {
    let start = std::time::Instant::now();
    while !wanted() {
        assert!(start.elapsed() < support::PATIENCE, "{what}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// What never ends by itself, and says in a file that it has begun.
fn stays(file: &str) -> String {
    format!("trap \"\" INT; : > {file}; while :; do sleep 1; done")
}

#[test]
fn a_cancelled_tool_s_program_ends_and_that_of_another_call_goes_on() {
    let sandbox = Sandbox::new();
    let one = waits_in(&sandbox, "one", "tool.v1.execute.one", &stays("one"));
    let two = waits_in(&sandbox, "two", "tool.v1.execute.two", &stays("two"));
    let args = ["run", &one.0, &two.0, "--direct", "--json", "--events", "-"];
    let mut running = sandbox.capsule(args).spawn_with_stdin();
    running.line_with("\"event\":\"loaded\"");
    let request = |id: &str| {
        let payload = json!({"type": "tool_execute_request", "call_id": id, "tool_name": id});
        format!("{}\n", json!({"topic": format!("tool.v1.execute.{id}"), "payload": payload}))
    };
    let cancel = |who: &str, id: &str| {
        let payload = json!({"type": "tool_cancel_request", "call_ids": [id]});
        let message =
            json!({"topic": "tool.v1.request.cancel", "payload": payload, "principal": who});
        format!("{message}\n")
    };
    running.send(&request("one"));
    running.send(&request("two"));
    let begun = |name: &str| sandbox.workspace().join(name).exists();
    wait_until("both programs run", || begun("one") && begun("two"));
    assert!(runs(&one.1) && runs(&two.1));
    // Whoever has not made the call cannot cancel it.
    sandbox.profile("alice", "");
    running.send(&cancel("alice", "two"));
    running.send(&cancel("default", "one"));
    let handled = next(&mut running);
    assert_eq!((&handled["capsule"], &handled["outcome"]), (&json!("one"), &json!("deny")));
    assert!(handled.to_string().contains("cancelled"), "{handled}");
    assert!(!runs(&one.1), "its program is gone");
    assert!(runs(&two.1), "another call's program is not touched");
    running.send(&cancel("default", "two"));
    assert_eq!(next(&mut running)["capsule"], "two");
    assert!(!runs(&two.1));
    running.close_stdin();
    let _ = running.finish().expect_code(0);
}

#[test]
fn a_tool_that_has_no_more_time_lets_its_program_end_by_itself() {
    let sandbox = Sandbox::new();
    let script = "trap \": > interrupted; exit\" INT; while :; do sleep 0.05; done";
    let (dir, mark) = waits_in(&sandbox, "polite", "tool.v1.execute.wait", script);
    let args = ["tool", "call", &dir, "wait", "--direct", "--timeout", "2s", "--json"];
    let report = sandbox.run(args).expect_code(8).json();
    assert_eq!(report["outcome"], "deadline", "{report}");
    assert!(sandbox.workspace().join("interrupted").exists(), "it was interrupted, not killed");
    assert!(!runs(&mark));
}

#[test]
fn two_signals_of_one_press_end_a_run_with_its_summary() {
    let sandbox = Sandbox::new();
    let echo = sandbox.fixture("echo-loop");
    let args = ["run", echo.to_str().expect("a path in UTF-8"), "--json"];
    let mut running = sandbox.capsule(args).spawn();
    running.line_with("\"event\":\"ready\"");
    for _ in 0..8 {
        running.signal(Signal::INT);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let output = running.finish().expect_code(130);
    let last = output.json_lines().pop().expect("a line");
    assert_eq!((&last["event"], &last["end"]), (&json!("summary"), &json!("interrupted")));
}

/// Everything below a directory: files with what is in them, and directories without.
fn everything_in(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut open = vec![dir.to_owned()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(&path).expect("readable");
            open.extend(entries.map(|entry| entry.expect("readable").path()));
            all.insert(path, Vec::new());
        } else {
            let content = std::fs::read(&path).unwrap_or_default();
            all.insert(path, content);
        }
    }
    all
}

#[test]
fn nothing_is_stored_or_logged_for_a_principal_whose_profile_is_broken() {
    let sandbox = Sandbox::new();
    let witness = sandbox.fixture("witness");
    let path = witness.to_str().expect("a path in UTF-8");
    let set = |who: &str, value: &str, code: i32| {
        let payload = json!({"key": "a", "value": value}).to_string();
        let args = ["invoke", path, "kv-set", "--payload", &payload, "--principal", who];
        let _ = sandbox.run(args).expect_code(code);
        everything_in(&sandbox.home())
    };
    for who in ["ada", "bea"] {
        sandbox.profile(who, "");
    }
    let first = set("ada", "one", 0);
    sandbox.profile("ada", "revoke = [\"x\"]\n");
    let broken = everything_in(&sandbox.home());
    assert_eq!(set("ada", "two", 4), broken);
    assert_ne!(set("bea", "two", 0), broken, "hers is stored");
    assert_ne!(first, broken, "the profile is part of it");
}
