//! Run loops that never yield: they are stopped, and until then nobody else suffers.
//!
//! Windows last as long as the profile's timeout, at most 5 s; most tests here have profiles with
//! windows of one second. All of them need the processor for themselves or at least know who else
//! is there, so each takes a lock on a file: shared when it may run beside others, exclusive when
//! it measures.

mod support;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{Output, Running, Sandbox};

/// A profile whose windows last one second.
const ONE_SECOND: &str = "[quotas]\nmax_timeout_secs = 1\n";

/// How many windows without progress stop a loop.
const WINDOWS: u64 = 3;

/// How many round trips a latency is the median of.
const ROUND_TRIPS: usize = 40;

/// By how much two spinners may slow down a loop that waits for messages.
const SLOWER_MAX: u64 = 10;

/// The lock; it is given back when the file is dropped.
fn processor() -> File {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("spinners.lock");
    File::create(path).expect("cargo's scratch directory is writable")
}

fn beside_others() -> File {
    let file = processor();
    file.lock_shared().expect("a file can be locked");
    file
}

fn alone() -> File {
    let file = processor();
    file.lock().expect("a file can be locked");
    file
}

/// A spinner under another name, for a second one in the same run.
fn second_spinner(sandbox: &Sandbox) -> PathBuf {
    let first = sandbox.fixture("spinner");
    let read = |name: &str| std::fs::read(first.join(name)).expect("the fixture was copied");
    let manifest = String::from_utf8(read("Capsule.toml")).expect("a manifest in UTF-8");
    let manifest = manifest.replace("spinner", "other-spinner");
    sandbox.capsule_dir("other-spinner", &manifest, &read("spinner.wasm"))
}

fn events<'a>(lines: &'a [Value], name: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["event"] == name).collect()
}

/// What the summary says about a capsule.
#[track_caller]
fn summary<'a>(lines: &'a [Value], capsule: &str) -> &'a Value {
    let last = lines.last().expect("at least a summary");
    assert_eq!(last["event"], "summary", "{last}");
    let capsules = last["capsules"].as_array().expect("a list");
    let found = capsules.iter().find(|found| found["name"] == capsule);
    found.unwrap_or_else(|| panic!("{capsule} is not in the summary: {last}"))
}

/// Runs the capsules for a while and returns the lines.
#[track_caller]
fn run(sandbox: &Sandbox, capsules: &[&Path], more: &[&str], code: i32) -> (Output, Vec<Value>) {
    let capsules = capsules.iter().map(|path| path.to_str().expect("a path in UTF-8"));
    let args = ["run"].into_iter().chain(capsules).chain(more.iter().copied()).chain(["--json"]);
    let output = sandbox.run(args).expect_code(code);
    let lines = output.json_lines();
    assert_eq!(lines[0]["schema"], "capsule.run/1");
    (output, lines)
}

/// Checks the line that says a spinner was stopped after windows of this length.
#[track_caller]
fn was_stopped(lines: &[Value], capsule: &str, window: Duration) {
    let stopped = events(lines, "stopped");
    let stopped: Vec<_> = stopped.iter().filter(|line| line["capsule"] == capsule).collect();
    let [line] = stopped.as_slice() else { panic!("{capsule} was stopped once: {stopped:?}") };
    assert_eq!(line["windows"], WINDOWS, "{line}");
    let least = u64::try_from((3 * window).as_micros()).expect("a few seconds");
    for field in ["spun_us", "busy_us"] {
        let time = line[field].as_u64().expect("microseconds");
        assert!((least..2 * least).contains(&time), "{field} in {line}");
    }
    let reason = line["reason"].as_str().expect("a text");
    for part in ["3 windows", "recv", "processor time"] {
        assert!(reason.contains(part), "{part:?} is not in {reason}");
    }
    let windows = events(lines, "window");
    let own: Vec<u64> = windows
        .iter()
        .filter(|line| line["capsule"] == capsule)
        .filter_map(|line| line["without_progress"].as_u64())
        .collect();
    assert_eq!(own, [1, 2, 3], "{capsule}");
    let summary = summary(lines, capsule);
    assert_eq!(summary["end"], "stopped", "{summary}");
    assert!(summary["cpu_us"].as_u64() > Some(0), "{summary}");
}

#[test]
fn a_spinner_is_stopped_after_three_windows() {
    let _shared = beside_others();
    let sandbox = Sandbox::new();
    sandbox.profile("default", ONE_SECOND);
    let spinner = sandbox.fixture("spinner");
    let (_, lines) = run(&sandbox, &[&spinner], &[], 8);
    assert_eq!(events(&lines, "ready").len(), 1);
    was_stopped(&lines, "spinner", Duration::from_secs(1));
}

#[test]
fn windows_last_five_seconds_unless_the_profile_says_less() {
    let _shared = beside_others();
    let sandbox = Sandbox::new();
    let spinner = sandbox.fixture("spinner");
    let (_, lines) = run(&sandbox, &[&spinner], &[], 8);
    was_stopped(&lines, "spinner", Duration::from_secs(5));
}

#[test]
fn a_person_is_told_what_would_have_been_a_yield() {
    let _shared = beside_others();
    let sandbox = Sandbox::new();
    sandbox.profile("default", ONE_SECOND);
    let spinner = sandbox.fixture("spinner");
    let output = sandbox.run(["run", spinner.to_str().expect("a path in UTF-8")]).expect_code(8);
    let told = output.stderr.lines().find(|line| line.contains("spinner stopped"));
    let told = told.unwrap_or_else(|| panic!("nobody was told:\n{}", output.stderr));
    for part in ["3 windows", "recv", "sleep-ns", "poll"] {
        assert!(told.contains(part), "{part:?} is not in {told}");
    }
}

#[test]
fn a_loop_that_waits_for_messages_is_left_alone() {
    let _shared = beside_others();
    let sandbox = Sandbox::new();
    sandbox.profile("default", ONE_SECOND);
    let echo = sandbox.fixture("echo-loop");
    let started = Instant::now();
    let more = ["--for", "6s", "--publish", r#"echo.v1.request.early={"n": 1}"#];
    let (_, lines) = run(&sandbox, &[&echo], &more, 0);
    assert!(started.elapsed() >= Duration::from_secs(6));
    assert!(events(&lines, "stopped").is_empty());
    let end = summary(&lines, "echo-loop");
    assert_eq!((&end["end"], &end["messages_out"]), (&json!("ended"), &json!(1)), "{end}");
    // Waiting costs nothing: six seconds of it less than one window.
    assert!(end["cpu_us"].as_u64() < Some(1_000_000), "{end}");
}

#[test]
fn a_loop_that_waits_in_the_clock_and_in_pollables_is_left_alone() {
    let _shared = beside_others();
    let sandbox = Sandbox::new();
    sandbox.profile("default", ONE_SECOND);
    let sleeper = sandbox.fixture("sleeper");
    let (_, lines) = run(&sandbox, &[&sleeper], &["--for", "6s"], 0);
    assert!(events(&lines, "stopped").is_empty());
    let windows = events(&lines, "window");
    assert!(windows.len() > 3, "{} windows", windows.len());
    assert!(windows.iter().all(|line| line["without_progress"] == 0), "{windows:?}");
    let end = summary(&lines, "sleeper");
    assert_eq!(end["end"], "ended", "{end}");
    assert!(end["messages_out"].as_u64() > Some(20), "{end}");
}

/// Sends a request on standard input, waits for the reply and returns the microseconds between
/// the two, as the tool saw them and as seen from here.
#[track_caller]
fn round_trip(running: &mut Running, name: &str, number: usize) -> (u64, u64) {
    let request = json!({"topic": format!("echo.v1.request.{name}"), "payload": {"n": number}});
    let sent = Instant::now();
    running.send(&format!("{request}\n"));
    let mut published = None;
    loop {
        let line: Value = serde_json::from_str(&running.line()).expect("a line of JSON");
        let time = line["time_us"].as_u64().expect("microseconds");
        assert_ne!(line["event"], "stopped", "a spinner ended before request {number}: {line}");
        if line["event"] != "message" || line["payload"]["n"] != number {
            continue;
        }
        match (line["topic"].as_str().unwrap_or_default(), published) {
            (topic, None) if topic == format!("echo.v1.request.{name}") => published = Some(time),
            (topic, Some(start)) if topic == format!("echo.v1.reply.{name}") => {
                let here = u64::try_from(sent.elapsed().as_micros()).expect("a short time");
                return (time - start, here);
            }
            _ => panic!("neither the request nor its reply: {line}"),
        }
    }
}

/// The medians of many round trips, one after the other.
#[track_caller]
fn latencies(running: &mut Running, name: &str) -> (u64, u64) {
    let trips = (0..ROUND_TRIPS).map(|number| round_trip(running, name, number));
    let (mut tool, mut here): (Vec<u64>, Vec<u64>) = trips.unzip();
    tool.sort_unstable();
    here.sort_unstable();
    (tool[ROUND_TRIPS / 2], here[ROUND_TRIPS / 2])
}

/// Starts a run that takes its messages from standard input, and waits until all are ready.
#[track_caller]
fn start(sandbox: &Sandbox, capsules: &[&Path], more: &[&str]) -> Running {
    let paths = capsules.iter().map(|path| path.to_str().expect("a path in UTF-8"));
    let args = ["run"].into_iter().chain(paths).chain(["--json", "--events", "-"]);
    let mut running = sandbox.capsule(args.chain(more.iter().copied())).spawn_with_stdin();
    for _ in capsules {
        running.line_with("\"event\":\"ready\"");
    }
    running
}

#[test]
fn two_spinners_slow_a_waiting_loop_down_by_no_more_than_ten_times() {
    let _exclusive = alone();
    let sandbox = Sandbox::new();
    sandbox.profile("default", ONE_SECOND);
    let (echo, spinner) = (sandbox.fixture("echo-loop"), sandbox.fixture("spinner"));
    let other = second_spinner(&sandbox);

    let mut quiet = start(&sandbox, &[&echo], &["--for", "1m"]);
    round_trip(&mut quiet, "warm-up", 0);
    let (tool_quiet, here_quiet) = latencies(&mut quiet, "quiet");
    drop(quiet);

    let mut busy = start(&sandbox, &[&echo, &spinner, &other], &["--for", "8s"]);
    round_trip(&mut busy, "warm-up", 0);
    // Fails when a spinner is stopped while this goes on: both burn from the first to the last.
    let (tool_busy, here_busy) = latencies(&mut busy, "busy");

    let measured = format!(
        "medians without and with spinners: {tool_quiet} and {tool_busy} us inside, \
         {here_quiet} and {here_busy} us outside"
    );
    assert!(tool_busy <= SLOWER_MAX * tool_quiet.max(1), "{measured}");
    assert!(here_busy <= SLOWER_MAX * here_quiet, "{measured}");

    for _ in 0..2 {
        busy.line_with("\"event\":\"stopped\"");
    }
    // The loop goes on after both are gone.
    round_trip(&mut busy, "afterwards", 0);
    let output = busy.finish().expect_code(8);
    let lines = output.json_lines();
    for name in ["spinner", "other-spinner"] {
        was_stopped(&lines, name, Duration::from_secs(1));
    }
    let end = summary(&lines, "echo-loop");
    assert_eq!(end["end"], "ended", "{end}");
    assert_eq!(end["messages_in"], ROUND_TRIPS + 2, "{end}");
    assert_eq!(end["dropped"], 0, "{end}");
    assert_eq!(lines.last().expect("a summary")["end"], "the time of --for is over");
}
