//! The tool between other programs: readers that stop early, streams that are closed, documents
//! that are parsed, and command lines that nobody meant.

mod support;

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::time::Duration;

use serde_json::Value;
use support::{Launch, Output, Sandbox, component, minimal_manifest};

/// Long enough for everything here that works; a run that ignores its reader would go on for ever.
const SOON: Duration = Duration::from_secs(60);

const ESCAPE: char = '\u{1b}';

#[track_caller]
fn fixture(sandbox: &Sandbox, name: &str) -> String {
    sandbox.fixture(name).to_str().expect("a path in UTF-8").to_owned()
}

/// A sandbox with `greeter` and `echo-loop` installed.
#[track_caller]
fn furnished() -> Sandbox {
    let sandbox = Sandbox::new();
    for name in ["greeter", "echo-loop"] {
        let directory = fixture(&sandbox, name);
        let _ = sandbox.run(["install", &directory, "--yes"]).expect_code(0);
    }
    sandbox
}

/// Prepares a run of the tool by a shell, whose script finds it in `$0`.
fn shell(sandbox: &Sandbox, script: &str) -> Launch {
    sandbox.program("/bin/sh").args(["-c", script, env!("CARGO_BIN_EXE_capsule")])
}

/// Fails when the tool has crashed, or says that it has a defect.
#[track_caller]
fn no_defect(output: &Output) {
    let code = output.code();
    assert!(code.is_some() && ![Some(70), Some(101)].contains(&code), "{}", output.end());
    for stream in [&output.stdout, &output.stderr] {
        assert!(!stream.contains("panicked"), "{stream}");
    }
}

#[test]
fn a_run_ends_quietly_when_nobody_reads_it_any_more() {
    for mode in [&["--follow", "--json"][..], &["--follow"], &["--json"]] {
        for lines in [0, 1, 3] {
            let sandbox = Sandbox::new();
            let sleeper = fixture(&sandbox, "sleeper");
            let args = ["run", sleeper.as_str()].into_iter().chain(mode.iter().copied());
            let output = sandbox.capsule(args).head(lines).patience(SOON).output().expect_code(0);
            assert_eq!(output.stdout.lines().count(), lines, "{mode:?}: {}", output.stdout);
            for word in ["error", "pipe", "panicked"] {
                // What the guest says about its own end is its own affair.
                let own = output.stderr.lines().filter(|line| !line.starts_with("sleeper "));
                assert!(!own.clone().any(|line| line.contains(word)), "{}", output.stderr);
            }
        }
    }
}

#[test]
fn output_that_nobody_reads_is_no_error() {
    let sandbox = furnished();
    let everything = fixture(&sandbox, "everything");
    for command in [
        &["inspect", &everything, "--json"][..],
        &["inspect", &everything],
        &["list"],
        &["list", "--json"],
        &["show", "greeter"],
        &["verify", "--all"],
        &["invoke", "greeter", "greet", "--payload", r#"{"name": "Ada"}"#, "--quiet"],
        &["help"],
        &["help", "exit-codes"],
        &["completions", "bash"],
        &["man"],
        &["--version"],
    ] {
        for lines in [0, 1] {
            let launch = sandbox.capsule(command.iter().copied()).head(lines).patience(SOON);
            let output = launch.output().expect_code(0);
            for word in ["error", "pipe", "panicked"] {
                assert!(!output.stderr.contains(word), "{command:?}: {}", output.stderr);
            }
        }
    }
}

#[test]
fn a_result_that_cannot_be_written_is_an_error() {
    let sandbox = furnished();
    for command in ["list", "list --json", "inspect greeter --json", "show greeter"] {
        let script = format!("exec \"$0\" {command} >/dev/full");
        let output = shell(&sandbox, &script).patience(SOON).output();
        assert_eq!(output.code(), Some(10), "{command}: {}", output.stderr);
        assert!(output.stderr.contains("error: "), "{command}: {}", output.stderr);
    }
}

#[test]
fn a_closed_standard_input_is_an_empty_one() {
    let sandbox = furnished();
    let script = r#"exec "$0" list <&-"#;
    let _ = shell(&sandbox, script).patience(SOON).output().expect_code(0);
    // The empty payload is the guest's to refuse.
    let script = r#"exec "$0" invoke greeter greet - <&-"#;
    let _ = shell(&sandbox, script).patience(SOON).output().expect_code(9);
    let script = r#"exec "$0" run echo-loop --json --events - --for 1s <&-"#;
    let output = shell(&sandbox, script).patience(SOON).output().expect_code(0);
    assert_eq!(output.json_lines().last().expect("a summary")["event"], "summary");
    // Nobody is there to ask.
    let manifest = minimal_manifest("curious") + "\n[capabilities]\nnet = [\"*\"]\n";
    let directory = sandbox.capsule_dir("curious", &manifest, &component("(module)"));
    let script = format!("exec \"$0\" install {} <&-", directory.display());
    let output = shell(&sandbox, &script).patience(SOON).output().expect_code(4);
    assert!(output.stderr.contains("--yes"), "{}", output.stderr);
}

#[test]
fn closed_output_streams_do_not_change_the_end() {
    let sandbox = furnished();
    for (command, code) in [
        ("list", 0),
        ("list --json", 0),
        ("invoke greeter fail", 9),
        ("invoke greeter fail --json", 9),
        ("invoke nobody fail --json", 3),
        ("run echo-loop --for 500ms --json", 0),
        ("--bogus", 2),
    ] {
        for closed in [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"] {
            let script = format!("exec \"$0\" {command} {closed}");
            let output = shell(&sandbox, &script).patience(SOON).output();
            no_defect(&output);
            assert_eq!(output.code(), Some(code), "{command} {closed}: {}", output.stderr);
        }
    }
}

/// The error document of a failed command: the only thing on standard output.
#[track_caller]
fn error_document(output: &Output) -> Value {
    no_defect(output);
    let document = output.json();
    assert_eq!(document["schema"], "capsule.error/1", "{document}");
    assert_eq!(document["code"], Value::from(output.code()), "{document}");
    let id = document["id"].as_str().unwrap_or_default();
    assert!(!id.is_empty() && id.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{document}");
    let message = document["message"].as_str().unwrap_or_default();
    assert!(!message.is_empty() && !message.contains('\n'), "{document}");
    // People are told the same.
    assert!(output.stderr.contains(message), "{message:?} is not in:\n{}", output.stderr);
    document
}

#[test]
fn every_failure_is_exactly_one_document() {
    let sandbox = furnished();
    let greeter = fixture(&sandbox, "greeter");
    let broken = sandbox.file(sandbox.tmp().join("broken/Capsule.toml"), "[package\n");
    let broken = broken.parent().and_then(|path| path.to_str()).expect("a path in UTF-8");
    let text = sandbox.file(sandbox.tmp().join("text.wasm"), "this is no component");
    let text = text.to_str().expect("a path in UTF-8");
    for (command, code) in [
        (&["invoke", "nobody", "greet"][..], 3),
        (&["run", "nobody"], 3),
        (&["inspect", "nobody"], 3),
        (&["show", "nobody"], 3),
        (&["verify", "nobody"], 3),
        (&["remove", "nobody", "--yes"], 3),
        (&["logs", "nobody"], 3),
        (&["env", "nobody", "list"], 3),
        (&["install", "nobody"], 3),
        (&["install", "./nobody"], 3),
        (&["install", broken], 3),
        (&["inspect", broken], 3),
        (&["invoke", broken, "greet"], 3),
        (&["inspect", text], 3),
        (&["invoke", text, "greet"], 3),
        (&["invoke", &greeter, "greet", "--payload-file", "nowhere.json"], 10),
        (&["install", &greeter, "--answers", "nowhere.toml"], 10),
        (&["run", &greeter, "--events", "nowhere.jsonl"], 10),
        (&["install", &greeter, "--expect-hash", "12"], 2),
        (&["install", &greeter, "--yes", "--expect-hash", &"0".repeat(64)], 5),
        (&["run", &greeter, &greeter], 2),
        (&["run", &greeter, "--publish", "a..b={}"], 2),
        (&["run", &greeter, "--publish", "a.b={"], 2),
        (&["invoke", "greeter", "greet", "--expect-data", "{"], 2),
        (&["invoke", "greeter", "greet", "--timeout", "soon"], 2),
        (&["invoke", "greeter", "greet", "--memory", "much"], 2),
        (&["invoke", "greeter", "greet", "--fuel", "-1"], 2),
        (&["invoke", "greeter", "greet", "--principal", "nobody"], 4),
        (&["invoke", "greeter", "greet", "--principal", "No Body"], 2),
        (&["list", "--home", "/dev/null/home"], 10),
    ] {
        let output = sandbox.run(command.iter().copied().chain(["--json"]));
        assert_eq!(output.code(), Some(code), "{command:?}\n{}{}", output.stdout, output.stderr);
        error_document(&output);
    }
}

#[test]
fn an_unknown_flag_is_a_usage_error_with_a_document() {
    let sandbox = Sandbox::new();
    for command in [
        "install",
        "inspect",
        "invoke",
        "run",
        "list",
        "show",
        "verify",
        "remove",
        "logs",
        "env",
        "completions",
        "man",
    ] {
        for args in [[command, "--no-such-flag", "--json"], ["--json", command, "--no-such-flag"]] {
            let output = sandbox.run(args).expect_code(2);
            let document = error_document(&output);
            assert_eq!(document["id"], "usage");
            assert!(document["message"].to_string().contains("--no-such-flag"), "{document}");
            assert!(document["help"].is_string(), "{document}");
        }
    }
    for args in [&["--json"][..], &["--json", "no-such-command"]] {
        let output = sandbox.run(args.iter().copied()).expect_code(2);
        assert_eq!(error_document(&output)["id"], "usage");
    }
}

#[test]
fn the_document_of_a_usage_error_holds_what_the_text_shows() {
    let sandbox = Sandbox::new();
    for (args, parts) in [
        (&["invoke"][..], &["<TARGET>", "<ACTION>"][..]),
        (&["invoke", "greeter"], &["<ACTION>"]),
        (&["list", "--color", "sometimes"], &["sometimes", "auto", "always", "never"]),
        (&["completions", "no-such-shell"], &["no-such-shell", "bash", "zsh", "fish"]),
        (&["lits"], &["lits", "list"]),
    ] {
        let output = sandbox.run(args.iter().copied().chain(["--json"])).expect_code(2);
        let document = error_document(&output).to_string();
        for part in parts {
            assert!(output.stderr.contains(part), "{part:?} is not in:\n{}", output.stderr);
            assert!(document.contains(part), "{part:?} is not in {document}");
        }
    }
}

#[test]
fn a_topic_that_can_never_match_is_a_usage_error() {
    let sandbox = furnished();
    for until in ["a..b", "", ".", "a.b."] {
        let args = ["run", "echo-loop", "--until", until, "--for", "1s", "--json"];
        let output = sandbox.run(args).expect_code(2);
        error_document(&output);
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let sandbox = furnished();
    for args in [
        ["invoke", "greeter", "greet", "--payload-file", "nowhere.file"],
        ["run", "echo-loop", "--for=1s", "--events", "nowhere.file"],
        ["install", "greeter/", "--yes", "--answers", "nowhere.file"],
    ] {
        let greeter = sandbox.tmp().join("greeter");
        let greeter = greeter.to_str().expect("a path in UTF-8");
        let args = args.map(|arg| if arg == "greeter/" { greeter } else { arg });
        let output = sandbox.run(args).expect_code(10);
        assert!(output.stderr.contains("nowhere.file"), "{args:?}: {}", output.stderr);
    }
}

#[test]
fn a_failure_after_the_guest_was_entered_is_the_commands_own_document() {
    let sandbox = furnished();
    for (args, code, outcome) in [
        (&["invoke", "greeter", "fail"][..], 9, "deny"),
        (&["invoke", "greeter", "panic"], 6, "trap"),
        (&["invoke", "greeter", "greet", "--fuel", "100"], 7, "out-of-fuel"),
        (&["invoke", "greeter", "greet", "--memory", "64KiB"], 6, "memory"),
        (&["invoke", "greeter", "fail", "--expect", "continue"], 1, "deny"),
    ] {
        let output = sandbox.run(args.iter().copied().chain(["--json"])).expect_code(code);
        let document = output.json();
        assert_eq!(
            (&document["schema"], &document["outcome"]),
            (&Value::from("capsule.invoke/1"), &Value::from(outcome),)
        );
    }
}

#[test]
fn a_stream_names_its_schema_once_and_ends_with_a_summary() {
    let sandbox = furnished();
    let publish = r#"echo.v1.request.x={"n": 1}"#;
    let args = ["run", "echo-loop", "--json", "--publish", publish, "--until", "echo.v1.reply.x"];
    let output = sandbox.run(args).expect_code(0);
    let lines = output.json_lines();
    assert_eq!(lines[0]["schema"], "capsule.run/1");
    assert!(lines[1..].iter().all(|line| line.get("schema").is_none()), "{}", output.stdout);
    let events: Vec<_> = lines.iter().filter_map(|line| line["event"].as_str()).collect();
    assert_eq!(events.len(), lines.len());
    assert_eq!(events[..2], ["loaded", "ready"]);
    assert_eq!(events.iter().filter(|event| **event == "summary").count(), 1);
    assert_eq!(events.last(), Some(&"summary"));
    let times: Vec<u64> = lines.iter().filter_map(|line| line["time_us"].as_u64()).collect();
    assert_eq!(times.len(), lines.len());
    assert!(times.is_sorted(), "{times:?}");
}

/// The two streams of a command that fails, with these flags and variables.
#[track_caller]
fn coloured(flags: &[&str], variables: &[(&str, &str)]) -> (bool, bool) {
    let sandbox = Sandbox::new();
    let mut launch = sandbox.capsule(["invoke", "nobody", "greet"].iter().chain(flags).copied());
    for (name, value) in variables {
        launch = launch.env(name, *value);
    }
    let output = launch.output().expect_code(3);
    assert!(output.stderr.contains("nobody"), "{}", output.stderr);
    (output.stdout.contains(ESCAPE), output.stderr.contains(ESCAPE))
}

#[test]
fn colour_is_a_matter_of_flag_then_environment_then_terminal() {
    for (flags, variables, expected) in [
        // A pipe is no terminal.
        (&[][..], &[][..], false),
        (&["--color", "auto"], &[], false),
        (&["--color", "always"], &[], true),
        (&["--color", "never"], &[], false),
        (&[], &[("CLICOLOR_FORCE", "1")], true),
        (&[], &[("NO_COLOR", "1")], false),
        (&["--color", "always"], &[("NO_COLOR", "1")], true),
        (&["--color", "always"], &[("TERM", "dumb")], true),
        (&["--color", "never"], &[("CLICOLOR_FORCE", "1")], false),
    ] {
        let (stdout, stderr) = coloured(flags, variables);
        assert_eq!(stderr, expected, "{flags:?} {variables:?}");
        assert!(!stdout, "nothing was to be written there");
    }
}

#[test]
fn documents_are_never_coloured() {
    let sandbox = furnished();
    for command in [
        &["invoke", "greeter", "fail"][..],
        &["invoke", "nobody", "fail"],
        &["list"],
        &["show", "greeter"],
        &["inspect", "greeter"],
        &["verify", "--all"],
        &["run", "echo-loop", "--for", "200ms"],
        &["--no-such-flag"],
    ] {
        let args = command.iter().copied().chain(["--json", "--color", "always"]);
        let output = sandbox.run(args);
        assert!(!output.stdout.contains(ESCAPE), "{command:?}: {}", output.stdout);
        assert!(!output.json_lines().is_empty(), "{command:?}");
    }
}

/// Command lines that nobody means.
const ODD: &[&[&str]] = &[
    &["invoke", "", ""],
    &["invoke", "greeter", ""],
    &["invoke", "..", "greet"],
    &["invoke", "../../etc/passwd", "greet"],
    &["invoke", "greeter/../../greeter", "greet"],
    &["invoke", "GREETER", "greet"],
    &["invoke", "grüße", "greet"],
    &["invoke", "greeter", "greet\nfail\u{1b}[31m"],
    &["invoke", "greeter", "greet", "--topic", ""],
    &["invoke", "greeter", "greet", "--fuel", "18446744073709551615"],
    &["invoke", "greeter", "greet", "--fuel", "18446744073709551616"],
    &["invoke", "greeter", "greet", "--fuel", "0"],
    &["invoke", "greeter", "greet", "--memory", "18446744073709551615GiB"],
    &["invoke", "greeter", "greet", "--memory", "0"],
    &["invoke", "greeter", "greet", "--timeout", "99999999999999999999s"],
    &["invoke", "greeter", "greet", "--timeout", "0s"],
    &["invoke", "greeter", "greet", "--seed", "18446744073709551615"],
    &["invoke", "greeter", "greet", "--max-fuel", "18446744073709551615"],
    &["invoke", "greeter", "greet", "--principal", "../default"],
    &["invoke", "/", "greet"],
    &["invoke", "/dev/zero", "greet"],
    &["inspect", "/dev/zero"],
    &["inspect", "/proc/self/mem"],
    &["inspect", "."],
    &["install", "/"],
    &["install", "."],
    &["install", "", "--yes"],
    &["run", "", "", ""],
    &["run", "echo-loop", "--for", "0s"],
    &["run", "echo-loop", "--for", "1ms", "--publish", "=1"],
    &["show", "../greeter"],
    &["remove", "../greeter", "--yes"],
    &["remove", "..", "--yes", "--purge"],
    &["verify", "../greeter"],
    &["logs", "../../../etc"],
    &["env", "../greeter", "list"],
    &["list", "--home", ""],
    &["list", "--home", "relative"],
    &["list", "--workspace", "/nowhere"],
    &["--color"],
    &["", "", ""],
    &["--", "--"],
];

/// Runs a command line, as it is and for a document, and fails when a defect shows.
#[track_caller]
fn survives(sandbox: &Sandbox, command: &[&str]) {
    let shown: Vec<String> = command.iter().map(|arg| arg.chars().take(40).collect()).collect();
    for json in [&[][..], &["--json"]] {
        // Options end where the command line says so.
        let json = if command.contains(&"--") { &[] } else { json };
        let args = command.iter().chain(json).copied();
        let output = match sandbox.capsule(args).patience(SOON).try_output() {
            Ok(output) => output,
            Err(why) => panic!("{shown:?}: {why}"),
        };
        let code = output.code();
        assert!(code.is_some_and(|code| code <= 11), "{shown:?}: {}", output.end());
        no_defect(&output);
        assert!(!output.stderr.contains(ESCAPE), "{shown:?}: an escape sequence is passed on");
        if !json.is_empty() {
            assert!(!output.json_lines().is_empty(), "{shown:?} {}", output.stderr);
        }
    }
}

#[test]
fn odd_command_lines_never_show_a_defect() {
    let sandbox = furnished();
    for command in ODD {
        survives(&sandbox, command);
    }
    // None of that touched what is installed.
    let _ = sandbox.run(["verify", "--all"]).expect_code(0);
}

#[test]
fn huge_arguments_never_show_a_defect() {
    let sandbox = furnished();
    let long = "x".repeat(100_000);
    let deep = "a.".repeat(1000) + "a";
    let nested = "[".repeat(50_000);
    for command in [
        &["invoke", &long, "greet"][..],
        &["invoke", "greeter", &long],
        &["invoke", "greeter", "greet", "--payload", &long],
        &["invoke", "greeter", "greet", "--payload", &nested],
        &["invoke", "greeter", "greet", "--expect-data", &nested],
        &["invoke", "greeter", "greet", "--topic", &deep],
        &["run", "echo-loop", "--for", "1ms", "--publish", &format!("a.b={nested}")],
    ] {
        survives(&sandbox, command);
    }
}

#[test]
fn arguments_that_are_no_text_never_show_a_defect() {
    let sandbox = furnished();
    let bytes = || OsString::from_vec(vec![b'g', 0xff, 0xfe, b'r']);
    for command in [
        vec!["invoke".into(), bytes(), "greet".into()],
        vec!["invoke".into(), "greeter".into(), bytes()],
        vec!["invoke".into(), "greeter".into(), "greet".into(), "--payload".into(), bytes()],
        vec!["invoke".into(), "greeter".into(), "greet".into(), "--payload-file".into(), bytes()],
        vec!["install".into(), bytes()],
        vec!["inspect".into(), bytes()],
        vec!["run".into(), bytes()],
        vec!["list".into(), "--home".into(), bytes()],
        vec![bytes()],
    ] {
        let args = command.iter().cloned().chain([OsString::from("--json")]);
        let launch = sandbox.program(env!("CARGO_BIN_EXE_capsule")).args(args);
        let output = launch.patience(SOON).output();
        assert!(output.code().is_some_and(|code| code <= 11), "{command:?}: {}", output.end());
        no_defect(&output);
        let _ = output.json();
    }
}

#[test]
fn a_payload_that_is_no_text_never_shows_a_defect() {
    let sandbox = furnished();
    for payload in [vec![0xff, 0xfe, 0x00], vec![0; 3 << 20], vec![b'['; 1 << 20]] {
        let args = ["invoke", "greeter", "greet", "-", "--json"];
        let output = sandbox.capsule(args).stdin(payload).patience(SOON).output();
        assert!(output.code().is_some_and(|code| code <= 11), "{}", output.end());
        no_defect(&output);
        let _ = output.json();
    }
}
