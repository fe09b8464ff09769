//! Exact figures of every fixture, and profiles as other programs read them. The same holds in a release
//! build: `cargo test --release --test profile`.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::{Sandbox, repository};

/// Fixtures with cases of an interceptor that answers, whatever else they have.
fn fixtures() -> Vec<PathBuf> {
    let names = [
        "asker",
        "bridge",
        "calculator",
        "everything",
        "fetcher",
        "greedy",
        "greeter",
        "onboard",
        "scribe",
        "traveller",
        "unoptimised",
        "witness",
    ];
    names.map(|name| repository().join("fixtures").join(name)).to_vec()
}

/// The figures of all cases, as `capsule fuel snapshot` writes them.
fn lock(sandbox: &Sandbox, fixture: &Path, file: &str) -> String {
    let name = fixture.file_name().expect("a name").to_string_lossy();
    let file = sandbox.tmp().join(format!("{name}-{file}"));
    let (dir, lock) = (fixture.to_str().expect("plain"), file.to_str().expect("plain"));
    let _ = sandbox.run(["fuel", "snapshot", dir, "--lock", lock]).expect_code(0);
    fs::read_to_string(&file).expect("it was written")
}

#[test]
fn the_functions_of_every_case_of_every_fixture_add_up_to_its_plain_run_twice() {
    let sandbox = Sandbox::new();
    for fixture in fixtures() {
        let first = lock(&sandbox, &fixture, "first.lock");
        assert_eq!(first, lock(&sandbox, &fixture, "second.lock"), "{}", fixture.display());
        let dir = fixture.to_str().expect("plain");
        let plain = sandbox.run(["test", dir, "--json"]).expect_code(0).json();
        let plain = plain["cases"].as_array().expect("a list").clone();
        let lock: toml::Table = first.parse().expect("TOML");
        let cases = lock["cases"].as_table().expect("cases");
        assert!(!cases.is_empty(), "{dir}");
        for (name, case) in cases {
            let ran = plain.iter().find(|it| it["name"] == **name).expect("it is a case");
            let figure = |key: &str| case[key].as_integer();
            assert_eq!(figure("fuel"), ran["fuel"]["call"].as_i64(), "{dir} {name}");
            assert_eq!(figure("instantiate"), ran["fuel"]["instantiate"].as_i64(), "{dir} {name}");
            let functions = case["functions"].as_table().expect("functions");
            let sum: i64 = functions.values().filter_map(toml::Value::as_integer).sum();
            assert_eq!(Some(sum), figure("fuel").zip(figure("instantiate")).map(|(a, b)| a + b));
        }
    }
}

#[test]
fn a_speedscope_file_holds_what_its_viewers_rely_on() {
    let sandbox = Sandbox::new();
    let dir = sandbox.fixture("unoptimised");
    let dir = dir.to_str().expect("plain");
    let call = ["greet", "--payload", r#"{"name":"Ada"}"#];
    let run = |first: &[&str], last: &[&str]| sandbox.run([first, &call, last].concat());
    let file = run(&["profile", dir], &["--format", "speedscope"]).expect_code(0).json();
    let plain = run(&["invoke", dir], &["--ephemeral", "--seed", "0", "--json"]);
    let fuel = plain.expect_code(0).json()["fuel"].clone();

    assert_eq!(file["$schema"], "https://www.speedscope.app/file-format-schema.json");
    let frames = file["shared"]["frames"].as_array().expect("frames");
    assert!(frames.iter().all(|frame| frame["name"].is_string()), "{frames:?}");
    let [profile] = file["profiles"].as_array().expect("profiles").as_slice() else {
        panic!("one profile: {file}");
    };
    assert_eq!((&profile["type"], &profile["unit"]), (&"sampled".into(), &"none".into()));
    assert!(profile["name"].is_string() && file["name"].is_string());
    let samples = profile["samples"].as_array().expect("samples");
    let weights = profile["weights"].as_array().expect("weights");
    assert_eq!(samples.len(), weights.len(), "a weight for each");
    let frame = |index: &Value| index.as_u64().is_some_and(|index| index < frames.len() as u64);
    for sample in samples {
        let stack = sample.as_array().expect("a stack");
        assert!(!stack.is_empty() && stack.iter().all(frame), "{stack:?}");
    }
    let sum: u64 = weights.iter().filter_map(Value::as_u64).sum();
    assert_eq!(
        (profile["startValue"].as_u64(), profile["endValue"].as_u64()),
        (Some(0), Some(sum))
    );
    let total = fuel["call"].as_u64().zip(fuel["instantiate"].as_u64()).map(|(a, b)| a + b);
    assert_eq!(Some(sum), total, "the plain run's");
}
