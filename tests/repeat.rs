//! Identical calls have identical answers and identical costs.
//!
//! Each claim is about separate processes: nothing is warm, nothing is left over, and the only
//! things that two calls share are the binary, the input and the seed.

mod support;

use std::path::Path;

use serde_json::{Value, json};
use support::Sandbox;

/// How often each call is made.
const TIMES: usize = 10;

/// A call with a seed in a throw-away home, and its document without what no call can repeat: the
/// times, and whether the compiled code was there already.
#[track_caller]
fn call(sandbox: &Sandbox, capsule: &Path, action: &str, payload: &str, more: &[&str]) -> Value {
    let capsule = capsule.to_str().expect("a path in UTF-8");
    let args = ["invoke", capsule, action, "--payload", payload, "--json"];
    let output = sandbox.run(args.into_iter().chain(more.iter().copied())).expect_code(0);
    let mut document = output.json();
    let fields = document.as_object_mut().expect("an object");
    assert!(fields.remove("time").is_some(), "no times: {}", output.stdout);
    assert!(fields.remove("cache").is_some(), "no cache: {}", output.stdout);
    document
}

/// Makes one call of a fixture in as many processes as [`TIMES`] says and returns its document.
#[track_caller]
fn same_every_time(fixture: &str, action: &str, payload: Value) -> Value {
    let sandbox = Sandbox::new();
    let capsule = sandbox.fixture(fixture);
    let payload = payload.to_string();
    let one = || call(&sandbox, &capsule, action, &payload, &["--seed", "1", "--ephemeral"]);
    let first = one();
    assert_eq!(first["outcome"], "continue", "{first}");
    assert_eq!(first["fuel"]["lower_bound"], false, "{first}");
    assert!(first["fuel"]["call"].as_u64() > Some(100), "{first}");
    for time in 2..=TIMES {
        assert_eq!(one(), first, "call {time} of {fixture} {action}");
    }
    first
}

#[test]
fn greeter_is_the_same_every_time() {
    let document = same_every_time("greeter", "greet", json!({"name": "Ada"}));
    assert_eq!(document["data_json"], json!({"greeting": "Hello, Ada!"}));
}

#[test]
fn an_unoptimised_build_is_the_same_every_time() {
    let document = same_every_time("unoptimised", "greet", json!({"name": "Ada"}));
    assert_eq!(document["data_json"], json!({"greeting": "Hello, Ada!"}));
}

#[test]
fn clocks_randomness_and_the_store_are_the_same_every_time() {
    let document = same_every_time("witness", "witness", json!({}));
    // A home of its own for each call: the count never goes on.
    assert_eq!(document["data_json"]["calls"], 1);
    assert_eq!(document["data_json"]["keys"], json!(["calls"]));
    let functions: usize = document["host_calls"].as_array().expect("a list").len();
    assert_eq!(functions, 7, "{document}");
}

#[test]
fn a_capsule_that_was_never_set_up_is_the_same_every_time() {
    let document = same_every_time("onboard", "report", json!({}));
    assert_eq!(document["data_json"]["answers"], Value::Null);
}

#[test]
fn a_command_is_the_same_every_time() {
    let document = same_every_time("everything", "hello", json!({}));
    assert_eq!(document["data_json"], "hello from everything");
}

#[test]
fn a_tool_description_is_the_same_every_time() {
    let document = same_every_time("everything", "tool_describe", json!({}));
    assert_eq!(document["data_json"]["tools"][0]["name"], "add");
}

#[test]
fn hard_work_is_the_same_every_time() {
    let document = same_every_time("greedy", "work", json!({"rounds": 100_000}));
    assert!(document["fuel"]["call"].as_u64() > Some(100_000), "{document}");
}

#[test]
fn a_refused_growth_is_the_same_every_time() {
    let document = same_every_time("greedy", "survive", json!({}));
    assert_eq!(document["grow_denied"], 1);
    assert_eq!(document["data_json"]["refused"], true);
}

#[test]
fn another_seed_gives_other_random_bytes_and_a_third_run_of_the_first_does_not() {
    let sandbox = Sandbox::new();
    let witness = sandbox.fixture("witness");
    let random = |seed: &str| {
        let more = ["--seed", seed, "--ephemeral"];
        let document = call(&sandbox, &witness, "random", r#"{"bytes": 32}"#, &more);
        document["data_json"]["value"].as_str().expect("hexadecimal digits").to_owned()
    };
    let (one, two) = (random("1"), random("2"));
    assert_eq!((one.len(), two.len()), (64, 64));
    assert_ne!(one, two);
    assert_eq!(random("1"), one);
    assert_eq!(random("2"), two);
}

/// What a run of two loops and two handlers in a simulated world prints, but for times.
fn run_in_turns(sandbox: &Sandbox, capsules: &[String]) -> (String, String) {
    let args = ["run", "--seed", "1", "--given", "world.toml", "--for", "3s", "--follow"];
    let output = sandbox.run(args.into_iter().chain(capsules.iter().map(String::as_str)));
    let output = output.expect_code(0);
    let talk = output.stderr.lines().map(|line| line.split(" cpu ").next().unwrap_or(line));
    (output.stdout.clone(), talk.collect::<Vec<_>>().join("\n"))
}

#[test]
fn capsules_that_run_at_the_same_time_do_the_same_every_time() {
    let sandbox = Sandbox::new();
    let mut world = String::new();
    for (topic, payload, after) in [
        ("greedy.v1.request.sleep", "{ ms = 450 }", "1s"),
        ("greeter.v1.request.greet", r#"{ name = "Bo" }"#, "1100ms"),
        ("echo.v1.request.late", "{ n = 1 }", "1200ms"),
    ] {
        world += "[[messages]]\n";
        world += &format!("topic = {topic:?}\npayload = {payload}\nafter = {after:?}\n");
    }
    sandbox.file("world.toml", world);
    let capsules = ["echo-loop", "sleeper", "greeter", "greedy"]
        .map(|name| sandbox.fixture(name).to_str().expect("a path in UTF-8").to_owned());
    let (messages, talk) = run_in_turns(&sandbox, &capsules);
    assert!(messages.contains("echo.v1.reply.late {\"n\":1}"), "{messages}");
    // The loops go on while a handler sleeps.
    assert!(messages.contains("sleeper.v1.tick {\"tick\":29}"), "{messages}");
    assert!(talk.contains("greedy sleep continue"), "{talk}");
    for time in 2..=TIMES {
        assert_eq!(run_in_turns(&sandbox, &capsules), (messages.clone(), talk.clone()), "{time}");
    }
}

#[test]
fn a_signal_ends_capsules_that_wait_for_their_turn() {
    let sandbox = Sandbox::new();
    let capsules = ["sleeper", "echo-loop"].map(|name| sandbox.fixture(name));
    let capsules = capsules.iter().map(|dir| dir.to_str().expect("a path in UTF-8"));
    let args = ["run", "--seed", "1", "--for", "2000h", "--follow"];
    let mut running = sandbox.capsule(args.into_iter().chain(capsules)).spawn();
    let _ = running.line_with("sleeper.v1.tick {\"tick\":100}");
    running.signal(support::Signal::INT);
    let _ = running.finish().expect_code(130);
}

#[test]
fn without_a_seed_random_bytes_never_repeat() {
    let sandbox = Sandbox::new();
    let witness = sandbox.fixture("witness");
    let random = || call(&sandbox, &witness, "random", r#"{"bytes": 32}"#, &["--ephemeral"]);
    let (one, two) = (random(), random());
    assert_ne!(one["data"], two["data"]);
    assert_eq!(one["fuel"]["instantiate"], two["fuel"]["instantiate"]);
}

#[test]
fn tracing_changes_neither_the_answer_nor_the_fuel() {
    for (index, (fixture, action, payload, shown)) in [
        ("greeter", "greet", r#"{"name": "Ada"}"#, None),
        ("unoptimised", "greet", r#"{"name": "Ada"}"#, None),
        ("witness", "witness", "{}", Some("sys.random-bytes(16)")),
        ("onboard", "report", "{}", Some("elicit.has-secret(\"token\")")),
        ("everything", "report", "{}", Some("kv.kv-get(\"events\")")),
        ("everything", "tool_describe", "{}", Some("ipc.publish(")),
        ("greedy", "work", r#"{"rounds": 1000}"#, None),
    ]
    .into_iter()
    .enumerate()
    {
        let sandbox = Sandbox::new();
        let capsule = sandbox.fixture(fixture);
        let seed = ["--seed", "1", "--ephemeral"];
        let plain = call(&sandbox, &capsule, action, payload, &seed);
        // Every fixture as text, and each other form with some of them.
        let forms = [
            &["--trace=function=kv-*,result!=err"][..],
            &["--trace-summary"],
            &["--trace-format", "jsonl", "--trace-output", "trace.jsonl"],
            &["--trace-format", "chrome", "--trace-output", "trace.json"],
        ];
        for options in [&["--trace"][..], forms[index % forms.len()]] {
            let traced = call(&sandbox, &capsule, action, payload, &[&seed[..], options].concat());
            assert_eq!(plain, traced, "{fixture} {action} {options:?}");
        }
        let path = capsule.to_str().expect("a path in UTF-8");
        let args = ["invoke", path, action, "--payload", payload, "--trace"];
        let talk = sandbox.run(args.into_iter().chain(seed)).expect_code(0).stderr;
        assert!(shown.is_none_or(|call| talk.contains(call)), "{shown:?} is not shown:\n{talk}");
    }
}

#[test]
fn compiled_code_from_the_cache_costs_what_fresh_code_costs() {
    let sandbox = Sandbox::new();
    let capsule = sandbox.fixture("greeter");
    let path = capsule.to_str().expect("a path in UTF-8");
    let args = ["invoke", path, "greet", "--payload", r#"{"name": "Ada"}"#, "--json"];
    let fresh = sandbox.run(args).expect_code(0).json();
    let cached = sandbox.run(args).expect_code(0).json();
    assert_eq!((&fresh["cache"], &cached["cache"]), (&json!("miss"), &json!("hit")));
    for field in ["outcome", "data", "fuel", "memory_peak_bytes", "fingerprint"] {
        assert_eq!(fresh[field], cached[field], "{field}");
    }
}

#[test]
fn an_installed_capsule_costs_what_its_directory_costs() {
    let sandbox = Sandbox::new();
    let capsule = sandbox.fixture("greeter");
    let path = capsule.to_str().expect("a path in UTF-8");
    let _ = sandbox.run(["install", path, "--yes"]).expect_code(0);
    let unpacked = call(&sandbox, &capsule, "greet", r#"{"name": "Ada"}"#, &["--seed", "1"]);
    let name = Path::new("greeter");
    let installed = call(&sandbox, name, "greet", r#"{"name": "Ada"}"#, &["--seed", "1"]);
    assert_eq!(unpacked, installed);
}
