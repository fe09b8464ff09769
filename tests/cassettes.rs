//! Recordings: made where everything is there, played where nothing is.

mod support;

#[path = "support/web.rs"]
mod web;

use std::path::{Path, PathBuf};

use serde_json::Value;
use support::{Output, Sandbox};
use web::{Part, Web};

/// A recording of a call that goes everywhere, and what the call answered.
struct Recorded {
    /// Of the lifecycle hook, which asks somebody.
    install: PathBuf,
    path: PathBuf,
    call: Value,
}

/// Records the traveller's tour on a machine where it is installed, set, and let out.
fn record(sandbox: &Sandbox) -> Recorded {
    let page = "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\nmilestone 7";
    let web = Web::start_with(|plain, _| {
        [(format!("http://{plain}/"), vec![Part::Text(page.to_owned())])].into_iter().collect()
    });
    let traveller = sandbox.fixture("traveller").display().to_string();
    let set = ["--set", "pass=open sesame", "--set", "home=inn"];
    let install = ["install", &traveller, "--yes", "-q", "--record", "install.cassette"];
    let _ = sandbox.run([&install[..], &set].concat()).expect_code(0);
    let payload = format!(r#"{{"url": "http://{}/", "text": "greetings"}}"#, web.plain());
    let path = sandbox.workspace().join("tour.cassette");
    let local = web.plain().to_string();
    let output = sandbox.run([
        "invoke",
        "traveller",
        "tour",
        "--payload",
        &payload,
        "--allow-local",
        &local,
        "--approve",
        "cross the border=traveller",
        "--record",
        "tour.cassette",
        "--json",
    ]);
    let call = output.expect_code(0).json();
    Recorded { install: sandbox.workspace().join("install.cassette"), path, call }
}

/// Plays a recording on a machine that has nothing of it but the binary.
fn replay(path: &Path, more: &[&str]) -> Output {
    let sandbox = Sandbox::new();
    let traveller = sandbox.fixture("traveller").display().to_string();
    let path = path.display().to_string();
    let fixed = ["replay", &path, "--wasm", &traveller, "--json"];
    sandbox.run([&fixed[..], more].concat())
}

/// The recording with `old` in the place of `new`, which is there.
fn edited(recorded: &Recorded, old: &str, new: &str) -> PathBuf {
    let text = std::fs::read_to_string(&recorded.path).expect("it was recorded");
    assert!(text.contains(old), "{old} is not in {text}");
    let path = recorded.path.with_extension("edited");
    std::fs::write(&path, text.replacen(old, new, 1)).expect("the sandbox is writable");
    path
}

#[test]
fn a_call_that_goes_everywhere_is_played_where_nothing_is() {
    let sandbox = Sandbox::new();
    let recorded = record(&sandbox);
    let tour = &recorded.call["data_json"];
    assert_eq!(tour["fetched"], "milestone 7");
    assert_eq!(tour["said"], "on foot\n");
    assert_eq!(tour["heard"], 1);
    assert_eq!(tour["allowed"], true);
    assert_eq!(tour["pass"], 11);
    for _ in 0..10 {
        let played = replay(&recorded.path, &[]).expect_code(0).json();
        assert_eq!(played["same"], true);
        let track = &played["tracks"][0];
        assert_eq!(track["fuel"], recorded.call["fuel"]["call"]);
        assert_eq!(track["played"], track["calls"]);
        let functions = recorded.call["host_calls"].as_array().expect("a list");
        let calls: u64 = functions.iter().filter_map(|it| it["count"].as_u64()).sum();
        assert_eq!(track["calls"], calls);

        let hook = replay(&recorded.install, &[]).expect_code(0).json();
        let track = &hook["tracks"][0];
        assert_eq!((&hook["same"], &track["outcome"]), (&true.into(), &"returned".into()));
        assert_eq!((&track["played"], &track["fuel"]), (&track["calls"], &track["recorded_fuel"]));
    }
    let asked = std::fs::read_to_string(&recorded.install).expect("it was recorded");
    assert!(asked.contains("astrid:elicit/host@1.0.0#elicit"), "{asked}");
}

#[test]
fn a_secret_is_in_no_recording() {
    let sandbox = Sandbox::new();
    let recorded = record(&sandbox);
    let text = std::fs::read_to_string(&recorded.path).expect("it was recorded");
    assert!(!text.contains("sesame"), "{text}");
    let sent = "xxxxxxxxxxxxxxxxxx";
    assert_eq!(sent.len(), "Bearer open sesame".len());
    assert!(
        text.contains(&format!("{{\"key\":\"Authorization\",\"value\":\"{sent}\"}}")),
        "{text}"
    );
}

#[test]
fn whatever_is_changed_is_told_at_the_right_call() {
    let sandbox = Sandbox::new();
    let recorded = record(&sandbox);
    let first = |path: &Path| {
        let played = replay(path, &[]).expect_code(11).json();
        assert_eq!(played["same"], false);
        played["tracks"][0]["differences"][0].clone()
    };
    let argument =
        first(&edited(&recorded, r#"["tours",{"$bytes":"1"}]"#, r#"["tours",{"$bytes":"2"}]"#));
    assert_eq!(argument["function"], "astrid:kv/host@1.0.0#kv-set");
    assert_eq!(argument["what"], "another argument 2");
    assert_eq!(
        (&argument["recorded"], &argument["now"]),
        (&Value::from(r#"{"$bytes":"2"}"#), &Value::from(r#"{"$bytes":"1"}"#),)
    );
    // An answer is seen by what the guest makes of it.
    let answer =
        first(&edited(&recorded, r#"{"$ok":null}"#, r#"{"$ok":{"$some":{"$bytes":"7"}}}"#));
    assert_eq!(answer["function"], "astrid:kv/host@1.0.0#kv-set");
    let function =
        first(&edited(&recorded, "host@1.0.0#clock-ms", "host@1.0.0#clock-monotonic-ns"));
    assert_eq!(
        (&function["call"], &function["what"]),
        (&Value::from(1), &Value::from("another call"))
    );
    let end = first(&edited(&recorded, r#""outcome":"continue""#, r#""outcome":"final""#));
    assert_eq!(end["what"], "another outcome");
    assert_eq!((&end["recorded"], &end["now"]), (&Value::from("final"), &Value::from("continue")));
}

#[test]
fn an_answer_of_another_type_ends_the_replay() {
    let sandbox = Sandbox::new();
    let recorded = record(&sandbox);
    let text = std::fs::read_to_string(&recorded.path).expect("it was recorded");
    let clock = text.lines().find(|line| line.contains("#clock-ms")).expect("the clock was read");
    let at = clock.find(r#""answer":"#).expect("it was answered");
    let path = edited(&recorded, &clock[at..], r#""answer":"noon"}}"#);
    let played = replay(&path, &[]).expect_code(11).json();
    assert_eq!(played["tracks"][0]["outcome"], "trap");
}

#[test]
fn a_damaged_recording_is_refused_with_its_line() {
    let sandbox = Sandbox::new();
    let recorded = record(&sandbox);
    let text = std::fs::read_to_string(&recorded.path).expect("it was recorded");
    let check = |text: &str, expected: &str| {
        let path = sandbox.file(sandbox.workspace().join("bad.cassette"), text);
        let refused = replay(&path, &[]).expect_code(3).json();
        assert!(refused["causes"][0].as_str().is_some_and(|it| it.contains(expected)), "{refused}");
    };
    check("", "not a cassette");
    check("{}\n", "not a cassette");
    check("{\"schema\":\"capsule.cassette/2\"}\n", "made by a later version of capsule");
    let lines: Vec<&str> = text.lines().collect();
    check(&lines[..lines.len() - 1].join("\n"), "the recording was cut short");
    check(&text[..text.len() / 2], "line ");
    check(&text.replacen("\"number\":2", "\"numero\":2", 1), "line 4: missing field `number`");
    let at = lines.iter().position(|line| line.contains("$bytes")).expect("bytes were passed");
    let expected = format!("line {}: $bites means nothing", at + 1);
    check(&text.replacen("$bytes", "$bites", 1), &expected);
    let twice = [lines[0], lines[1], lines[1]].join("\n");
    check(&twice, "line 3: track 1 is entered twice");
    check(&[lines[0], lines[2]].join("\n"), "line 2: track 1 was not entered");
}

#[test]
fn a_recording_that_cannot_be_written_leaves_nothing_behind() {
    let sandbox = Sandbox::new();
    let greeter = sandbox.fixture("greeter").display().to_string();
    let call = ["invoke", &greeter, "greet", "--payload", r#"{"name": "Ada"}"#, "--record"];
    let refused = sandbox.run([&call[..], &["nowhere/greet.cassette"]].concat()).expect_code(10);
    assert!(refused.stderr.contains("cannot write the recording"), "{}", refused.stderr);
    let _ = sandbox.run([&call[..], &["greet.cassette"]].concat()).expect_code(0);
    let names = std::fs::read_dir(sandbox.workspace()).expect("a directory");
    let names: Vec<_> = names.map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(names, ["greet.cassette"]);
}

#[test]
fn a_loop_is_recorded_with_every_message_that_it_got() {
    let sandbox = Sandbox::new();
    let echo = sandbox.fixture("echo-loop").display().to_string();
    let event = r#"echo.v1.request.hi={"n":1}"#;
    let run = ["run", &echo, "--publish", event, "--until", "echo.v1.reply.hi"];
    let output = sandbox.run([&run[..], &["-q", "--record", "echo.cassette"]].concat());
    assert_eq!(output.expect_code(0).stdout, "echo.v1.reply.hi {\"n\":1}\n");
    let play = ["replay", "echo.cassette", "--wasm", &echo, "--json"];
    let played = sandbox.run(play).expect_code(0).json();
    assert_eq!(played["tracks"][0]["outcome"], "cancelled");
    assert_eq!(played["tracks"][0]["played"], played["tracks"][0]["calls"]);
    let text = std::fs::read_to_string(sandbox.workspace().join("echo.cassette"));
    let text =
        text.expect("it was recorded").replacen(r#"["echo.v1.request.*"]"#, r#"["echo.*"]"#, 1);
    sandbox.file(sandbox.workspace().join("echo.cassette"), text);
    let differs = sandbox.run(play).expect_code(11).json();
    let difference = &differs["tracks"][0]["differences"][0];
    assert_eq!(
        (&difference["call"], &difference["what"]),
        (&Value::from(1), &Value::from("another argument 1"),)
    );
}

#[test]
fn a_check_names_the_first_call_that_the_world_answers_in_another_way() {
    let sandbox = Sandbox::new();
    let runner = sandbox.fixture("runner").display().to_string();
    let check = |script: &str| {
        let payload = format!(r#"{{"args": ["-c", "{script}"]}}"#);
        sandbox.run(["check", "--deterministic", &runner, "run", "--payload", &payload, "--json"])
    };
    assert_eq!(check("echo same").expect_code(0).json()["deterministic"], true);
    let differs = check("read id </proc/sys/kernel/random/uuid; echo $id").expect_code(1).json();
    assert_eq!(differs["deterministic"], false);
    assert_eq!(differs["difference"]["function"], "astrid:process/host@1.1.0#spawn");
    assert_eq!(differs["difference"]["what"], "another answer");
}

/// Handles `a.word` by storing a secret setting, and `b.word` by telling what it stored, a constant that
/// happens to hold the same text, and a token that it made itself.
const TELLTALE: &str = r#"
(module
  (import "astrid:sys/host@1.0.0" "get-config" (func $get (param i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-set" (func $set (param i32 i32 i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-get" (func $read (param i32 i32 i32)))
  (data (i32.const 256) "word")
  (data (i32.const 272) "I always say opensesame, whatever I am told")
  (data (i32.const 336) "{\"token\":\"mine alone\"}")
  (func (export "astrid-hook-trigger") (param $action i32) (param i32 i32 i32) (result i32)
    (if (i32.eq (i32.load8_u (local.get $action)) (i32.const 97))
      (then
        (call $get (i32.const 256) (i32.const 4) (i32.const 0))
        (call $set (i32.const 256) (i32.const 4)
          (i32.load (i32.const 8)) (i32.load (i32.const 12)) (i32.const 64))
        (return (call $continue-empty))))
    (call $read (i32.const 256) (i32.const 4) (i32.const 0))
    (call $log (i32.const 2) (i32.load (i32.const 8)) (i32.load (i32.const 12)))
    (call $log (i32.const 2) (i32.const 272) (i32.const 43))
    (call $continue (i32.const 336) (i32.const 22))))
"#;

#[test]
fn a_secret_of_one_call_is_in_none_of_the_next_and_all_of_them_can_be_played() {
    let sandbox = Sandbox::new();
    let manifest = "[package]\nname = \"telltale\"\nversion = \"1.0.0\"\n[[component]]\n\
        file = \"telltale.wasm\"\n[env]\nword = { type = \"secret\" }\n[subscribe]\n\
        \"a.word\" = { wit = \"opaque\", handler = \"a\" }\n\
        \"b.word\" = { wit = \"opaque\", handler = \"b\" }\n";
    let dir = sandbox.capsule_dir("telltale", manifest, &support::component(TELLTALE));
    let dir = dir.display().to_string();
    let _ = sandbox.run(["install", &dir, "--yes", "--set", "word=opensesame"]).expect_code(0);
    let run = ["run", "telltale", "--publish", "a.word={}", "--publish", "b.word={}", "--for"];
    let _ =
        sandbox.run([&run[..], &["2s", "-q", "--record", "t.cassette"]].concat()).expect_code(0);
    let text = std::fs::read_to_string(sandbox.workspace().join("t.cassette"));
    let text = text.expect("it was recorded");
    let calls = |name: &str| text.matches(name).count();
    assert_eq!(
        (calls("#get-config"), calls("#kv-set"), calls("#kv-get"), calls("#log")),
        (1, 1, 1, 2)
    );
    assert!(!text.contains("opensesame"), "{text}");
    assert!(!text.contains("mine alone"), "{text}");
    let played = sandbox.run(["replay", "t.cassette", "--json"]).expect_code(0).json();
    let ends = played["tracks"].as_array().expect("tracks");
    assert!(ends.iter().all(|track| track["outcome"] == "continue"), "{played}");
    assert_eq!(ends.len(), 2);
}
