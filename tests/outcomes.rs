//! How a call can end, and what is said about it: the exit code, a message that names the limit,
//! its value and what was used, and the same in the document. The call after it works.

mod support;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{Sandbox, Signal, component, minimal_manifest};

/// A sandbox in which the fixture is installed.
#[track_caller]
fn installed(fixture: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let directory = sandbox.fixture(fixture);
    let directory = directory.to_str().expect("a path in UTF-8");
    let _ = sandbox.run(["install", directory, "--yes"]).expect_code(0);
    sandbox
}

/// A call that is to end badly.
struct Death<'a> {
    capsule: &'a str,
    /// The action and the options.
    call: &'a [&'a str],
    code: i32,
    outcome: &'a str,
    /// What the message has to name.
    said: &'a [&'a str],
}

/// Makes the call twice, for a person and for a program, and returns the document. Both have to
/// say everything, and [`healthy`] calls of the same capsule have to work between and after.
#[track_caller]
fn dies(sandbox: &Sandbox, death: &Death) -> Value {
    let args = || ["invoke", death.capsule].into_iter().chain(death.call.iter().copied());
    let person = sandbox.run(args()).expect_code(death.code);
    assert_eq!(person.stdout.lines().next(), Some(death.outcome), "{}", person.stdout);
    let message = person.stderr.lines().find(|line| line.starts_with("error: "));
    let message = message.unwrap_or_else(|| panic!("no error is shown:\n{}", person.stderr));
    assert!(message.contains(death.capsule), "{message}");
    healthy(sandbox, death.capsule);

    let program = sandbox.run(args().chain(["--json"])).expect_code(death.code);
    let document = program.json();
    assert_eq!(document["schema"], "capsule.invoke/1");
    assert_eq!(document["capsule"], death.capsule);
    assert_eq!(document["outcome"], death.outcome, "{document}");
    assert!(document["fuel"]["lower_bound"].is_boolean(), "{document}");
    assert_eq!(document.get("data"), None, "{document}");
    let reason = document["reason"].as_str().unwrap_or_default();
    for part in death.said {
        assert!(message.contains(part), "{part:?} is not in: {message}");
        assert!(reason.contains(part), "{part:?} is not in: {reason}");
    }
    healthy(sandbox, death.capsule);
    document
}

/// The call after a death has a fresh instance and answers.
#[track_caller]
fn healthy(sandbox: &Sandbox, capsule: &str) {
    let (action, payload) = match capsule {
        "greeter" => ("greet", r#"{"name": "Ada"}"#),
        _ => ("work", r#"{"rounds": 10}"#),
    };
    let args = ["invoke", capsule, action, "--payload", payload, "--json"];
    let document = sandbox.run(args).expect_code(0).json();
    assert_eq!(document["outcome"], "continue", "{document}");
    assert_eq!(document["fuel"]["lower_bound"], false, "{document}");
}

#[test]
fn a_trap_names_itself_and_where_it_happened() {
    let sandbox = installed("greedy");
    let document = dies(
        &sandbox,
        &Death {
            capsule: "greedy",
            call: &["trap"],
            code: 6,
            outcome: "trap",
            said: &["wasm trap", "unreachable"],
        },
    );
    assert_eq!(document["fuel"]["lower_bound"], true);
    assert!(document["fuel"]["call"].as_u64() > Some(0), "{document}");
    assert_eq!(document["trap"]["code"], "unreachable-code-reached");
    assert!(document["trap"]["message"].as_str().is_some_and(|text| text.contains("unreachable")));
    assert!(document["trap"]["backtrace"].as_array().is_some_and(|frames| !frames.is_empty()));
}

#[test]
fn a_panic_is_a_trap_and_its_message_is_shown() {
    let sandbox = installed("greeter");
    let document = dies(
        &sandbox,
        &Death {
            capsule: "greeter",
            call: &["panic"],
            code: 6,
            outcome: "trap",
            said: &["unreachable"],
        },
    );
    assert_eq!(document["trap"]["last_host_call"], "sys.log");
    let output = sandbox.run(["invoke", "greeter", "panic"]).expect_code(6);
    assert!(output.stderr.contains("told to panic"), "{}", output.stderr);
}

#[test]
fn a_stack_that_overflows_is_a_trap() {
    let sandbox = installed("greedy");
    let document = dies(
        &sandbox,
        &Death {
            capsule: "greedy",
            call: &["recurse"],
            code: 6,
            outcome: "trap",
            said: &["wasm trap"],
        },
    );
    assert!(document["trap"]["backtrace"].as_array().is_some_and(|frames| frames.len() > 5));
    assert!(document["trap"]["backtrace"].as_array().is_some_and(|frames| frames.len() < 100));
}

#[test]
fn a_call_without_fuel_names_its_budget() {
    let sandbox = installed("greedy");
    let document = dies(
        &sandbox,
        &Death {
            capsule: "greedy",
            call: &["burn", "--fuel", "1000000"],
            code: 7,
            outcome: "out-of-fuel",
            said: &["1 000 000 fuel"],
        },
    );
    assert_eq!(document["fuel"]["budget"], 1_000_000);
    // It ended exactly where the budget did.
    assert_eq!(document["fuel"]["call"], 1_000_000);
    assert_eq!(document.get("trap"), None, "{document}");
}

#[test]
fn the_default_budget_ends_a_call_that_never_ends() {
    let sandbox = installed("greedy");
    let document = dies(
        &sandbox,
        &Death {
            capsule: "greedy",
            call: &["burn"],
            code: 7,
            outcome: "out-of-fuel",
            said: &["10 000 000 000 fuel"],
        },
    );
    assert_eq!(document["fuel"]["budget"], 10_000_000_000_u64);
}

#[test]
fn an_instance_that_does_not_fit_names_the_limit_and_what_it_wanted() {
    let sandbox = installed("greeter");
    let document = dies(
        &sandbox,
        &Death {
            capsule: "greeter",
            call: &["greet", "--payload", "{}", "--memory", "64KiB"],
            code: 6,
            outcome: "memory",
            said: &["limit of 64 KiB", "1.1 MiB", "in use"],
        },
    );
    assert_eq!(document["memory_limit_bytes"], 65_536);
    assert_eq!(document["grow_denied"], 1);
    assert_eq!(document["fuel"]["call"], 0);
    assert!(document["memory_peak_bytes"].as_u64() <= Some(65_536), "{document}");
}

#[test]
fn death_after_a_refused_growth_is_about_memory() {
    let sandbox = installed("greedy");
    let document = dies(
        &sandbox,
        &Death {
            capsule: "greedy",
            call: &["grow"],
            code: 6,
            outcome: "memory",
            said: &["limit of 64 MiB", "in use"],
        },
    );
    assert_eq!(document["memory_limit_bytes"], 64 << 20);
    assert_eq!(document["fuel"]["lower_bound"], true);
    assert!(document["grow_denied"].as_u64() >= Some(1), "{document}");
    // The peak is what was granted, never what was asked for.
    let peak = document["memory_peak_bytes"].as_u64().expect("a number");
    assert!(((60 << 20)..=(64 << 20)).contains(&peak), "{peak}");
}

#[test]
fn a_tighter_limit_is_the_one_that_is_named() {
    let sandbox = installed("greedy");
    let fill = r#"{"mib": 20}"#;
    let document = dies(
        &sandbox,
        &Death {
            capsule: "greedy",
            call: &["fill", "--payload", fill, "--memory", "16MiB"],
            code: 6,
            outcome: "memory",
            said: &["limit of 16 MiB", "in use"],
        },
    );
    assert_eq!(document["memory_limit_bytes"], 16 << 20);
    let args = ["invoke", "greedy", "fill", "--payload", fill, "--json"];
    assert_eq!(sandbox.run(args).expect_code(0).json()["data_json"], json!({"mib": 20}));
}

#[test]
fn a_guest_that_survives_a_refused_growth_has_its_own_answer() {
    let sandbox = installed("greedy");
    let document = sandbox.run(["invoke", "greedy", "survive", "--json"]).expect_code(0).json();
    assert_eq!(document["outcome"], "continue");
    assert_eq!(document["grow_denied"], 1);
    assert_eq!(document["fuel"]["lower_bound"], false);
    let answer = &document["data_json"];
    assert_eq!(answer["refused"], true);
    assert_eq!(answer["pages_before"], answer["pages_after"]);
    let output = sandbox.run(["invoke", "greedy", "survive"]).expect_code(0);
    assert!(output.stderr.contains("1 growth refused"), "{}", output.stderr);
}

#[test]
fn a_call_that_computes_past_its_deadline_is_stopped() {
    let sandbox = installed("greedy");
    let document = dies(
        &sandbox,
        &Death {
            capsule: "greedy",
            call: &["burn", "--timeout", "300ms"],
            code: 8,
            outcome: "deadline",
            said: &["limit of 300 ms", "ran for", "fuel"],
        },
    );
    let guest = document["time"]["guest_us"].as_u64().expect("a number");
    // Never early; how late, the machine decides.
    assert!(guest >= 300_000, "{document}");
    assert_eq!(document.get("trap"), None, "{document}");
}

#[test]
fn the_fuel_of_a_call_that_was_cut_off_is_a_lower_bound() {
    let sandbox = installed("greedy");
    let args = ["invoke", "greedy", "burn", "--timeout", "300ms"];
    let document = sandbox.run(args.into_iter().chain(["--json"])).expect_code(8).json();
    assert_eq!(document["fuel"]["lower_bound"], true, "{document}");
    let output = sandbox.run(args).expect_code(8);
    let cost = output.stderr.lines().find(|line| line.starts_with("fuel ")).expect("the cost");
    assert!(cost.contains("at least"), "{cost}");
}

#[test]
fn a_call_that_is_parked_in_the_host_is_stopped_at_its_deadline() {
    let sandbox = installed("greedy");
    let document = dies(
        &sandbox,
        &Death {
            capsule: "greedy",
            call: &["sleep", "--payload", r#"{"ms": 60000}"#, "--timeout", "500ms"],
            code: 8,
            outcome: "deadline",
            said: &["limit of 500 ms", "ran for"],
        },
    );
    let total = document["time"]["total_us"].as_u64().expect("a number");
    assert!((500_000..30_000_000).contains(&total), "{document}");
    assert_eq!(document["host_calls"][0]["function"], "sleep-ns", "{document}");
}

#[test]
fn a_sleep_within_the_deadline_answers() {
    let sandbox = installed("greedy");
    let args = ["invoke", "greedy", "sleep", "--payload", r#"{"ms": 200}"#];
    let more = ["--timeout", "60s", "--json"];
    let document = sandbox.run(args.into_iter().chain(more)).expect_code(0).json();
    assert_eq!(document["data_json"], json!({"ms": 200}));
    assert!(document["time"]["guest_us"].as_u64() >= Some(200_000), "{document}");
}

#[test]
fn a_denial_is_the_guests_own_answer() {
    let sandbox = installed("greeter");
    let output = sandbox.run(["invoke", "greeter", "fail"]).expect_code(9);
    let mut lines = output.stdout.lines();
    assert_eq!(lines.next(), Some("deny"));
    assert!(lines.next().is_some_and(|reason| reason.contains("told to fail")));
    let document = sandbox.run(["invoke", "greeter", "fail", "--json"]).expect_code(9).json();
    assert_eq!(document["outcome"], "deny");
    assert!(document["reason"].as_str().is_some_and(|reason| reason.contains("told to fail")));
    assert_eq!(document["fuel"]["lower_bound"], false);
    assert_eq!(document.get("trap"), None);
}

#[test]
fn an_action_that_is_nearly_one_is_answered_with_that_one() {
    let sandbox = installed("greeter");
    let output = sandbox.run(["invoke", "greeter", "gret"]).expect_code(9);
    assert!(output.stderr.contains("did you mean greet?"), "{}", output.stderr);
    // Nothing is like it: nothing is suggested.
    let output = sandbox.run(["invoke", "greeter", "zzzzzzzz"]).expect_code(9);
    assert!(!output.stderr.contains("did you mean"), "{}", output.stderr);
    assert!(output.stdout.contains("zzzzzzzz"), "{}", output.stdout);
}

/// What `greeter greet` gives with these gates.
#[track_caller]
fn gated(gates: &[&str], code: i32) -> Vec<String> {
    let sandbox = Sandbox::new();
    let directory = sandbox.fixture("greeter");
    let directory = directory.to_str().expect("a path in UTF-8");
    let args = ["invoke", directory, "greet", "--payload", r#"{"name": "Ada"}"#, "--json"];
    let output = sandbox.run(args.into_iter().chain(gates.iter().copied())).expect_code(code);
    let document = output.json();
    assert_eq!(document["outcome"], "continue", "{document}");
    let tripped: Vec<String> = document.get("gates").map_or_else(Vec::new, |gates| {
        serde_json::from_value(gates.clone()).expect("a list of texts")
    });
    for gate in &tripped {
        assert!(output.stderr.contains(gate.as_str()), "{gate:?} is not in:\n{}", output.stderr);
    }
    tripped
}

#[test]
fn gates_that_are_met_change_nothing() {
    let data = r#"{ "greeting" : "Hello, Ada!" }"#;
    for gates in [
        &["--expect", "continue"][..],
        &["--expect-data", data],
        &["--max-fuel", "1000000"],
        &["--max-memory", "8MiB"],
        &["--expect", "continue", "--expect-data", data, "--max-fuel", "1000000"],
    ] {
        assert_eq!(gated(gates, 0), Vec::<String>::new(), "{gates:?}");
    }
}

#[test]
fn gates_that_trip_say_what_was_expected_and_what_came() {
    for (gate, said) in [
        (&["--expect", "deny"][..], ["deny", "continue"]),
        (&["--expect-data", r#"{"greeting":"Hello, Bob!"}"#], ["Bob", "Ada"]),
        (&["--max-fuel", "99"], ["fuel", "99"]),
        (&["--max-memory", "64KiB"], ["memory", "65536"]),
    ] {
        let tripped = gated(gate, 1);
        assert_eq!(tripped.len(), 1, "{tripped:?}");
        for part in said {
            assert!(tripped[0].contains(part), "{part:?} is not in {tripped:?}");
        }
    }
    assert_eq!(gated(&["--expect", "trap", "--max-fuel", "1", "--max-memory", "1KiB"], 1).len(), 3);
}

#[test]
fn a_bad_end_that_was_expected_is_no_failure() {
    let sandbox = Sandbox::new();
    let directory = sandbox.fixture("greedy");
    let greedy = directory.to_str().expect("a path in UTF-8");
    for (call, outcome) in [
        (&["trap"][..], "trap"),
        (&["burn", "--fuel", "100000"], "out-of-fuel"),
        (&["sleep", "--payload", r#"{"ms": 60000}"#, "--timeout", "200ms"], "deadline"),
        (&["grow"], "memory"),
        (&["no-such-action"], "deny"),
    ] {
        let args = || ["invoke", greedy].into_iter().chain(call.iter().copied());
        let _ = sandbox.run(args().chain(["--expect", outcome])).expect_code(0);
        let _ = sandbox.run(args().chain(["--expect", "continue"])).expect_code(1);
    }
}

#[test]
fn ctrl_c_ends_a_sleeping_call_at_once() {
    let sandbox = Sandbox::new();
    let text = r#"(module
      (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
      (import "astrid:sys/host@1.0.0" "sleep-ns" (func $sleep (param i64 i32)))
      (data (i32.const 0) "asleep now")
      (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
        (call $log (i32.const 3) (i32.const 0) (i32.const 10))
        (call $sleep (i64.const 50000000000) (i32.const 1024))
        (call $continue-empty)))"#;
    let manifest = minimal_manifest("dormouse");
    let directory = sandbox.capsule_dir("dormouse", &manifest, &component(text));
    let directory = directory.to_str().expect("a path in UTF-8");
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let mut running = sandbox.capsule(["invoke", directory, "nap"]).spawn();
        running.error_line_with("asleep now");
        let sent = Instant::now();
        running.signal(signal);
        let output = running.finish().expect_code(code);
        // The sleep would have gone on for most of a minute.
        assert!(sent.elapsed() < Duration::from_secs(5), "{:?}\n{}", sent.elapsed(), output.stderr);
    }
}

#[test]
fn a_run_loop_that_is_invoked_is_pointed_to_run() {
    let sandbox = Sandbox::new();
    let loops = component(
        r#"(module
          (import "astrid:sys/host@1.0.0" "signal-ready" (func $ready))
          (func (export "run") (call $ready)))"#,
    );
    let directory = sandbox.capsule_dir("looping", &minimal_manifest("looping"), &loops);
    let path = directory.to_str().expect("a path in UTF-8");
    let _ = sandbox.run(["install", path, "--yes"]).expect_code(0);
    for target in [path, "looping"] {
        let output = sandbox.run(["invoke", target, "anything", "--json"]).expect_code(3);
        let document = output.json();
        assert_eq!(document["schema"], "capsule.error/1");
        assert_eq!(document["code"], 3);
        let help = document["help"].as_str().unwrap_or_default();
        assert!(help.contains(&format!("capsule run {target}")), "{document}");
    }
}
