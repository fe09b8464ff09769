//! Several processes on one home at once: nobody is locked out, nothing is lost, and a process that
//! is killed takes nothing with it but itself.

mod support;

use std::collections::BTreeSet;
use std::thread;

use serde_json::{Value, json};
use support::{Running, Sandbox, Signal, component, minimal_manifest};

/// Calls from processes of their own.
const CALLS: usize = 100;

/// How many of them run at once.
const CALLERS: usize = 4;

/// Processes that are killed.
const KILLS: u32 = 5;

#[track_caller]
fn install(sandbox: &Sandbox, directory: &std::path::Path) {
    let directory = directory.to_str().expect("a path in UTF-8");
    let _ = sandbox.run(["install", directory, "--yes"]).expect_code(0);
}

/// One call in a process of its own, and its answer.
#[track_caller]
fn invoke(sandbox: &Sandbox, capsule: &str, action: &str, payload: &Value) -> Value {
    let payload = payload.to_string();
    let args = ["invoke", capsule, action, "--payload", &payload, "--json"];
    sandbox.run(args).expect_code(0).json()["data_json"].clone()
}

/// Adds one to the count of `witness` and returns it.
#[track_caller]
fn count(sandbox: &Sandbox) -> u64 {
    invoke(sandbox, "witness", "count", &json!({}))["value"].as_u64().expect("a number")
}

/// A `run` of installed capsules that takes its messages from standard input.
#[track_caller]
fn host(sandbox: &Sandbox, capsules: &[&str]) -> Running {
    let args = ["run", "--json", "--events", "-"].into_iter().chain(capsules.iter().copied());
    let mut running = sandbox.capsule(args).spawn_with_stdin();
    running.line_with("\"event\":\"ready\"");
    running
}

#[track_caller]
fn publish(running: &mut Running, topic: &str) {
    running.send(&format!("{}\n", json!({"topic": topic, "payload": {}})));
}

/// Has the loop of `echo-loop` count once and returns what it counted.
#[track_caller]
fn looped_count(running: &mut Running) -> u64 {
    publish(running, "echo.v1.request.count");
    let line = running.line_with("\"topic\":\"echo.v1.reply.count\"");
    let line: Value = serde_json::from_str(&line).expect("a line of JSON");
    line["payload"]["count"].as_u64().expect("a number")
}

/// Has `witness` count once inside the `run`.
#[track_caller]
fn handled_count(running: &mut Running) {
    publish(running, "witness.v1.request.count");
    let line = running.line_with("\"event\":\"handled\"");
    let line: Value = serde_json::from_str(&line).expect("a line of JSON");
    assert_eq!(
        (&line["action"], &line["outcome"]),
        (&json!("count"), &json!("continue")),
        "{line}"
    );
}

/// Counts from [`CALLERS`] threads, `calls` times altogether; what was counted.
fn count_from_many(sandbox: &Sandbox, calls: usize) -> Vec<u64> {
    thread::scope(|scope| {
        let counting = || (0..calls / CALLERS).map(|_| count(sandbox)).collect::<Vec<u64>>();
        let callers: Vec<_> = (0..CALLERS).map(|_| scope.spawn(counting)).collect();
        callers.into_iter().flat_map(|caller| caller.join().expect("every call works")).collect()
    })
}

#[test]
fn a_long_run_and_a_hundred_calls_count_together_and_lose_nothing() {
    let sandbox = Sandbox::new();
    for fixture in ["witness", "echo-loop"] {
        install(&sandbox, &sandbox.fixture(fixture));
    }
    let mut running = host(&sandbox, &["echo-loop", "witness"]);
    // The store is open in the long process before the first call starts and after the last.
    assert_eq!(looped_count(&mut running), 1);
    let mut counted_inside: u64 = 1;
    handled_count(&mut running);

    let values = thread::scope(|scope| {
        let callers = scope.spawn(|| count_from_many(&sandbox, CALLS));
        while !callers.is_finished() {
            handled_count(&mut running);
            counted_inside += 1;
            assert_eq!(looped_count(&mut running), counted_inside);
        }
        callers.join().expect("every call works")
    });
    // They did run at the same time: the loop counted while the others did.
    assert!(counted_inside > 2, "{counted_inside}");
    let distinct: BTreeSet<u64> = values.iter().copied().collect();
    assert_eq!((values.len(), distinct.len()), (CALLS, CALLS), "no two calls saw one number");

    let total = u64::try_from(CALLS).expect("a small number") + counted_inside;
    let stored = invoke(&sandbox, "witness", "kv-get", &json!({"key": "calls"}));
    assert_eq!(stored["value"], total.to_string());
    assert_eq!(looped_count(&mut running), counted_inside + 1);
    running.signal(Signal::INT);
    let output = running.finish().expect_code(130);
    assert!(!output.stderr.contains("error"), "{}", output.stderr);
}

#[test]
fn a_hundred_calls_count_exactly_to_a_hundred() {
    let sandbox = Sandbox::new();
    for fixture in ["witness", "echo-loop"] {
        install(&sandbox, &sandbox.fixture(fixture));
    }
    let mut running = host(&sandbox, &["echo-loop"]);
    let mut values = count_from_many(&sandbox, CALLS);
    values.sort_unstable();
    assert_eq!(values, (1..=100).collect::<Vec<u64>>());
    let stored = invoke(&sandbox, "witness", "kv-get", &json!({"key": "calls"}));
    assert_eq!(stored["value"], "100");
    assert_eq!(looped_count(&mut running), 1);
}

#[test]
fn what_a_loop_wrote_the_next_call_of_another_process_reads() {
    let sandbox = Sandbox::new();
    let everything = sandbox.fixture("everything");
    let everything = everything.to_str().expect("a path in UTF-8");
    let args = ["install", everything, "--yes", "--set", "name=shared"];
    let _ = sandbox.run(args).expect_code(0);
    let mut running = host(&sandbox, &["everything"]);
    for events in 1..=10 {
        publish(&mut running, "everything.v1.event.something");
        running.line_with("\"topic\":\"everything.v1.seen\"");
        let report = invoke(&sandbox, "everything", "report", &json!({}));
        assert_eq!(report["events"], events);
        assert_eq!(report["name"], "shared");
    }
}

#[test]
fn keys_that_many_write_at_once_are_all_there() {
    let sandbox = Sandbox::new();
    install(&sandbox, &sandbox.fixture("witness"));
    let written: BTreeSet<String> = thread::scope(|scope| {
        let sandbox = &sandbox;
        let writers: Vec<_> = (0..CALLERS)
            .map(|writer| {
                scope.spawn(move || {
                    let keys = (0..10).map(|number| format!("key-{writer}-{number}"));
                    for key in keys.clone() {
                        invoke(sandbox, "witness", "kv-set", &json!({"key": key, "value": key}));
                        let read = invoke(sandbox, "witness", "kv-get", &json!({"key": key}));
                        assert_eq!(read["value"], key);
                    }
                    keys.collect::<Vec<String>>()
                })
            })
            .collect();
        writers.into_iter().flat_map(|writer| writer.join().expect("every call works")).collect()
    });
    let listed = invoke(&sandbox, "witness", "kv-list", &json!({"prefix": "key-"}));
    let listed: BTreeSet<String> = serde_json::from_value(listed["keys"].clone()).expect("texts");
    assert_eq!(listed, written);
}

/// A capsule that writes the numbers from 1 on under one key for ever, and logs each number once
/// its write has been acknowledged. `read` answers with what is there.
const HAMMER: &str = r#"(module
  (import "astrid:kv/host@1.0.0" "kv-get" (func $get (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-set" (func $set (param i32 i32 i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (data (i32.const 0) "number")
  (func $digit (param $at i32) (param $number i32)
    (i32.store8 (local.get $at)
      (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10)))))
  (func (export "astrid-hook-trigger")
    (param $action i32) (param i32 i32 i32) (result i32)
    (local $number i32)
    (if (i32.eq (i32.load8_u (local.get $action)) (i32.const 114)) ;; r
      (then
        (call $get (i32.const 0) (i32.const 6) (i32.const 1024))
        (if (i32.load8_u (i32.const 1024)) (then unreachable))
        (return (call $continue (i32.load (i32.const 1032)) (i32.load (i32.const 1036))))))
    (loop $next
      (local.set $number (i32.add (local.get $number) (i32.const 1)))
      (call $digit (i32.const 64) (i32.div_u (local.get $number) (i32.const 10000)))
      (call $digit (i32.const 65) (i32.div_u (local.get $number) (i32.const 1000)))
      (call $digit (i32.const 66) (i32.div_u (local.get $number) (i32.const 100)))
      (call $digit (i32.const 67) (i32.div_u (local.get $number) (i32.const 10)))
      (call $digit (i32.const 68) (local.get $number))
      (call $set (i32.const 0) (i32.const 6) (i32.const 64) (i32.const 5) (i32.const 1024))
      (if (i32.load8_u (i32.const 1024)) (then unreachable))
      (call $log (i32.const 3) (i32.const 64) (i32.const 5))
      (br $next))
    unreachable))"#;

#[test]
fn a_writer_that_is_killed_keeps_its_acknowledged_writes_and_harms_nobody() {
    let sandbox = Sandbox::new();
    for fixture in ["witness", "echo-loop"] {
        install(&sandbox, &sandbox.fixture(fixture));
    }
    let manifest = minimal_manifest("hammer");
    install(&sandbox, &sandbox.capsule_dir("hammer", &manifest, &component(HAMMER)));
    let mut running = host(&sandbox, &["echo-loop"]);

    let values = thread::scope(|scope| {
        let callers = scope.spawn(|| count_from_many(&sandbox, CALLS));
        for kill in 1..=KILLS {
            let mut hammer = sandbox.capsule(["invoke", "hammer", "write"]).spawn();
            // It is killed in the middle of writing, each time a little later than the last.
            let acknowledged = 7 * kill;
            hammer.error_line_with(&format!("{acknowledged:05}"));
            hammer.signal(Signal::KILL);
            assert_eq!(hammer.finish().end(), "signal 9");

            let output = sandbox.run(["invoke", "hammer", "read", "--json"]).expect_code(0);
            let data = output.json()["data"].as_str().expect("a number").to_owned();
            let stored: u32 = data.parse().expect("a number");
            assert!(stored >= acknowledged, "{stored} is there, {acknowledged} was acknowledged");
            assert_eq!(looped_count(&mut running), u64::from(kill));
        }
        callers.join().expect("every call works")
    });
    assert_eq!(values.into_iter().collect::<BTreeSet<u64>>(), (1..=100).collect());
    assert_eq!(count(&sandbox), 101);
    running.signal(Signal::INT);
    let _ = running.finish().expect_code(130);
}

#[test]
fn a_call_that_is_killed_counts_once_or_not_at_all() {
    let sandbox = Sandbox::new();
    for fixture in ["witness", "echo-loop"] {
        install(&sandbox, &sandbox.fixture(fixture));
    }
    let mut running = host(&sandbox, &["echo-loop"]);
    let mut acknowledged = 0;
    for kill in 1..=KILLS {
        // Killed as soon as it says anything: it has counted, and may not have answered.
        let mut killed = sandbox.capsule(["invoke", "witness", "witness"]).spawn();
        killed.error_line_with("call");
        killed.signal(Signal::KILL);
        let _ = killed.finish();
        let now = count(&sandbox);
        assert_eq!(now, acknowledged + 2, "after kill {kill}");
        acknowledged = now;
        assert_eq!(looped_count(&mut running), u64::from(kill));
    }
}

#[test]
fn a_run_that_is_killed_keeps_every_count_that_it_replied_with() {
    let sandbox = Sandbox::new();
    install(&sandbox, &sandbox.fixture("echo-loop"));
    let mut last = 0;
    for _ in 0..3 {
        let mut running = host(&sandbox, &["echo-loop"]);
        for _ in 0..5 {
            last += 1;
            assert_eq!(looped_count(&mut running), last);
        }
        running.signal(Signal::KILL);
        assert_eq!(running.finish().end(), "signal 9");
    }
}
