//! The cases of the fixtures, and running cases as a CI system or somebody at a terminal does.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use support::{Sandbox, Signal, component, minimal_manifest, repository};

/// Every fixture, by its directory.
fn fixtures() -> Vec<PathBuf> {
    let fixtures = fs::read_dir(repository().join("fixtures")).expect("a directory");
    let paths = fixtures.map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.join("Capsule.toml").is_file()).collect();
    paths.sort();
    assert!(paths.len() >= 16, "{paths:?}");
    paths
}

#[test]
fn every_fixture_has_cases_and_a_recording() {
    for fixture in fixtures() {
        let tests = fs::read_dir(fixture.join("tests")).into_iter().flatten();
        let extensions: BTreeSet<String> = tests
            .filter_map(|entry| entry.expect("an entry").path().extension().map(|it| it.to_owned()))
            .map(|extension| extension.to_string_lossy().into_owned())
            .collect();
        for wanted in ["toml", "cassette"] {
            let message = "write a case, or record one with --record";
            let name = fixture.display();
            assert!(extensions.contains(wanted), "{name} has no tests/*.{wanted}: {message}");
        }
    }
}

#[test]
fn every_case_of_every_fixture_holds_and_uses_the_same_fuel_twice() {
    let sandbox = Sandbox::new();
    for fixture in fixtures() {
        let dir = fixture.to_str().expect("a plain path");
        let run = |args: &[&str]| {
            let args = ["test", dir, "--json"].iter().chain(args).copied().collect::<Vec<_>>();
            sandbox.run(args).expect_code(0).json()
        };
        let (first, second) = (run(&[]), run(&["--jobs", "1"]));
        let figures = |report: &serde_json::Value| -> Vec<serde_json::Value> {
            let cases = report["cases"].as_array().expect("a list");
            let figures = ["name", "status", "fuel", "memory_peak_bytes", "host_calls", "data"];
            cases.iter().flat_map(|case| figures.map(|figure| case[figure].clone())).collect()
        };
        assert_eq!(first["schema"], "capsule.test/1");
        assert_eq!((&first["failed"], &first["not_run"]), (&0.into(), &0.into()));
        // What never waits is ended by the real time.
        if !fixture.ends_with("spinner") {
            assert_eq!(figures(&first), figures(&second), "{dir}");
        }
    }
    let left: Vec<_> = fs::read_dir(sandbox.home()).expect("a directory").collect();
    assert!(left.is_empty(), "the home was not touched: {left:?}");
    let left: Vec<_> = fs::read_dir(sandbox.tmp()).expect("a directory").collect();
    assert!(left.is_empty(), "every throw-away home is gone: {left:?}");
}

/// The examples of the documentation: fixtures, and cases of theirs.
fn examples() -> Vec<(String, String)> {
    let text = fs::read_to_string(repository().join("docs/cases.md")).expect("a page");
    let examples = text.split("<!-- fixture: ").skip(1).map(|example| {
        let (fixture, rest) = example.split_once(" -->\n```toml\n").expect("an example follows");
        let (cases, _) = rest.split_once("```").expect("it ends");
        (fixture.to_owned(), cases.to_owned())
    });
    let examples: Vec<_> = examples.collect();
    let blocks = text.matches("```toml").count() - text.matches("<!-- world -->").count();
    assert_eq!(examples.len(), blocks, "each names its fixture");
    examples
}

#[test]
fn the_world_of_the_documentation_holds() {
    let text = fs::read_to_string(repository().join("docs/cases.md")).expect("a page");
    let (_, rest) = text.split_once("<!-- world -->\n```toml\n").expect("there is one");
    let (world, rest) = rest.split_once("```").expect("it ends");
    let (_, rest) = rest.split_once("```sh\ncapsule ").expect("a command follows");
    let (command, _) = rest.split_once('\n').expect("it is a line");
    let sandbox = Sandbox::new();
    let dir = sandbox.fixture("echo-loop");
    sandbox.file("world.toml", world);
    let dir = dir.to_str().expect("a plain path");
    let command = command.replace("fixtures/echo-loop", dir);
    let output = sandbox.run(command.split(' ')).expect_code(0);
    assert!(output.stdout.contains("echo.v1.reply.answer {\"thanks\":true}"), "{}", output.stdout);
}

#[test]
fn every_example_of_the_documentation_holds() {
    let sandbox = Sandbox::new();
    for (fixture, cases) in examples() {
        let dir = sandbox.fixture(&fixture);
        sandbox.file(dir.join("tests/example.toml"), &cases);
        let _ = sandbox.run(["test", dir.to_str().expect("a plain path")]).expect_code(0);
    }
}

#[test]
fn junit_has_a_suite_for_each_file_and_a_case_for_each_case() {
    let sandbox = Sandbox::new();
    let dir = sandbox.fixture("greeter");
    let cases = "[[case]]\nname = \"a <b> & c\"\ngiven = { action = \"greet\" }\n\
                 [[case]]\nname = \"no hook\"\ngiven = { hook = \"install\" }\n";
    sandbox.file(dir.join("tests/a.toml"), cases);
    let well = "[[case]]\nname = \"well\"\ngiven = { action = \"fail\" }\n\
                expect = { outcome = \"deny\" }\n";
    sandbox.file(dir.join("tests/b.toml"), well);
    let dir = dir.to_str().expect("a plain path");
    let xml = sandbox.run(["test", dir, "--format", "junit"]).expect_code(1).stdout;
    assert!(xml.contains(r#"tests="3" skipped="0" failures="1" errors="1""#), "{xml}");
    assert_eq!(xml.matches("<testsuite ").count(), 2, "{xml}");
    assert!(xml.contains("a::a &lt;b&gt; &amp; c"), "{xml}");
    assert!(xml.contains("the capsule has no install hook"), "{xml}");
}

#[test]
fn an_interrupted_run_says_what_was_not_run() {
    let sandbox = Sandbox::new();
    let spin = r#"(module (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
        (loop $forever (br $forever)) unreachable))"#;
    let dir = sandbox.capsule_dir("spin", &minimal_manifest("spin"), &component(spin));
    let case = |name| format!("[[case]]\nname = \"{name}\"\ngiven = {{ action = \"a\" }}\n");
    let quick = "[[case]]\nname = \"0\"\ngiven = { action = \"a\", fuel = 1000 }\n\
                 expect = { outcome = \"out-of-fuel\" }\n";
    sandbox.file(dir.join("tests/a.toml"), format!("{quick}{}{}", case("1"), case("2")));
    let dir = dir.to_str().expect("a plain path");
    let mut running = sandbox.capsule(["test", dir, "--jobs", "1"]).spawn();
    let first = running.line_with("PASS");
    assert!(first.starts_with("PASS  a::0"), "{first}");
    running.signal(Signal::INT);
    let output = running.finish().expect_code(130);
    assert!(output.stdout.contains("1 passed, 2 not run"), "{}", output.stdout);
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let sandbox = Sandbox::new();
    let dir = repository().join("fixtures/witness");
    let launch = sandbox.capsule(["test", dir.to_str().expect("a plain path")]).head(1);
    let output = launch.output().expect_code(0);
    assert_eq!(output.stderr, "");
}

#[test]
fn what_is_written_down_keeps_the_permissions_of_the_file_and_holds() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    let dir = sandbox.fixture("greeter");
    let text = "# kept\n[[case]]\nname = \"a\" # kept too\n\
                given = { action = \"greet\", payload = { name = \"Bo\" } }\n\
                [case.expect]\ndata = {} # and this\nmax-fuel = 1\n";
    let file = sandbox.file(dir.join("tests/a.toml"), text);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("permissions");
    let dir = dir.to_str().expect("a plain path");
    let blessed = sandbox.run(["test", dir, "--bless"]).expect_code(0);
    assert!(blessed.stderr.contains("2 values written"), "{}", blessed.stderr);
    let written = fs::read_to_string(&file).expect("a file");
    let start = text.split("data").next().expect("a start");
    let rest = written.strip_prefix(start).expect("what is before stays");
    assert!(rest.starts_with("data = { greeting = \"Hello, Bo!\" } # and this\n"), "{written}");
    assert_eq!(file.metadata().expect("a file").permissions().mode() & 0o777, 0o640);
    let _ = sandbox.run(["test", dir]).expect_code(0);
}

#[test]
fn what_changes_is_tested_again_until_a_signal_comes() {
    let sandbox = Sandbox::new();
    let dir = sandbox.fixture("greeter");
    let case = |name: &str| {
        format!(
            "[[case]]\nname = \"{name}\"\n\
             given = {{ action = \"greet\", payload = {{ name = \"Bo\" }} }}\n\
             expect = {{ data = {{ greeting = \"Hello, Bo!\" }} }}\n"
        )
    };
    let file = sandbox.file(dir.join("tests/a.toml"), case("one"));
    let shown = dir.to_str().expect("a plain path");
    let mut running = sandbox.capsule(["test", shown, "--watch"]).spawn();
    assert!(running.line_with("PASS").starts_with("PASS  a::one"));
    sandbox.file(&file, case("two").replace("Bo!", "Ann!"));
    assert!(running.line_with("FAIL").starts_with("FAIL  a::two"));
    sandbox.file(&file, "[[case]");
    sandbox.file(dir.join("tests/b.toml"), case("three"));
    sandbox.file(&file, case("four"));
    assert!(running.line_with("a::four").starts_with("PASS"));
    assert!(running.line_with("b::three").starts_with("PASS"));
    running.signal(Signal::INT);
    let output = running.finish().expect_code(130);
    assert!(output.stderr.contains("waiting for a change"), "{}", output.stderr);
}

#[test]
fn a_loop_that_handles_its_errors_stands_every_fault() {
    let sandbox = Sandbox::new();
    let dir = sandbox.fixture("echo-loop");
    let cases = "[[case]]\nname = \"counts\"\n[case.given]\nrun = true\n\
                 messages = [{ topic = \"echo.v1.request.count\" },\n\
                 { topic = \"echo.v1.request.count\", after = \"1h\" }]\n\
                 [case.expect]\nkv = { count = 2 }\n";
    sandbox.file(dir.join("tests/a.toml"), cases);
    let dir = dir.to_str().expect("a plain path");
    let _ = sandbox.run(["test", dir, "--faults"]).expect_code(0);
}
