//! An install changes everything or nothing: whatever fails, is refused or is killed leaves the
//! version before as it was.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{Output, Running, Sandbox, Signal, component};

/// Answers to the questions of `onboard`, and the secret among them.
const ANSWERS: [&str; 6] =
    ["--set", "name=Ada", "--set", "colour=blue", "--set", "token=not-for-everyone"];
const SECRET: &str = "not-for-everyone";

/// Reads and writes one key; the rest of the module is the hooks under test.
const KEEPER: &str = r#"
  (import "astrid:kv/host@1.0.0" "kv-get" (func $get (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-set" (func $set (param i32 i32 i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "sleep-ns" (func $sleep (param i64 i32)))
  (data (i32.const 0) "colourspoiltthe hook runs")
  (func $spoil (call $set (i32.const 0) (i32.const 6) (i32.const 6) (i32.const 6) (i32.const 1024)))
  (func $doze (param $seconds i64)
    (call $log (i32.const 3) (i32.const 12) (i32.const 13))
    (call $sleep (i64.mul (local.get $seconds) (i64.const 1000000000)) (i32.const 1024)))
  (func (export "astrid-hook-trigger")
    (param $action i32) (param i32) (param $payload i32) (param $payload-bytes i32) (result i32)
    (if (i32.eq (i32.load8_u (local.get $action)) (i32.const 115)) ;; s
      (then (call $set (i32.const 0) (i32.const 6)
        (local.get $payload) (local.get $payload-bytes) (i32.const 1024)))
      (else (call $get (i32.const 0) (i32.const 6) (i32.const 1024))))
    (if (i32.load8_u (i32.const 1024)) (then unreachable))
    (if (i32.load8_u (i32.const 1028))
      (then (return (call $continue
        (i32.load (i32.const 1032)) (i32.load (i32.const 1036))))))
    (call $continue-empty))"#;

/// The log line of `$doze`.
const HOOK_RUNS: &str = "the hook runs";

/// Writes the capsule `keeper` in this version, with these hooks.
fn keeper(sandbox: &Sandbox, version: &str, hooks: &str) -> String {
    let bytes = component(&format!("(module {KEEPER} {hooks})"));
    let manifest = support::minimal_manifest("keeper").replace("0.1.0", version);
    let directory = sandbox.capsule_dir("keeper", &manifest, &bytes);
    directory.to_str().expect("a path in UTF-8").to_owned()
}

/// What `keeper` stores.
#[track_caller]
fn kept(sandbox: &Sandbox) -> Value {
    let output = sandbox.run(["invoke", "keeper", "get", "--json"]).expect_code(0);
    output.json().get("data").cloned().unwrap_or_default()
}

#[track_caller]
fn install(sandbox: &Sandbox, directory: &str, more: &[&str], code: i32) -> Output {
    let args = ["install", directory].into_iter().chain(more.iter().copied());
    sandbox.run(args).expect_code(code)
}

/// A fixture as a path for the command line.
#[track_caller]
fn fixture(sandbox: &Sandbox, name: &str) -> String {
    sandbox.fixture(name).to_str().expect("a path in UTF-8").to_owned()
}

/// Changes the version in the manifest of a capsule.
#[track_caller]
fn set_version(directory: &str, version: &str) {
    let path = Path::new(directory).join(support::MANIFEST_FILE);
    let text = fs::read_to_string(&path).expect("a manifest");
    let line = text.lines().find(|line| line.starts_with("version = ")).expect("a version");
    fs::write(&path, text.replace(line, &format!("version = \"{version}\""))).expect("it is ours");
}

/// The version of the installed capsule; `None` when there is none.
#[track_caller]
fn installed_version(sandbox: &Sandbox, id: &str) -> Option<String> {
    let list = sandbox.run(["list", "--json"]).expect_code(0).json();
    let capsules = list["capsules"].as_array().expect("a list");
    let found = capsules.iter().find(|capsule| capsule["name"] == id)?;
    found["version"].as_str().map(str::to_owned)
}

/// Every file and every directory below `folder`, with what the files hold.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("a directory of the home") {
            let path = entry.expect("a directory of the home").path();
            let relative = path.strip_prefix(folder).expect("below it").to_owned();
            if path.is_dir() {
                found.insert(relative, None);
                folders.push(path);
            } else {
                found.insert(relative, Some(fs::read(&path).expect("a file of the home")));
            }
        }
    }
    found
}

/// The files of the home that an install that failed may not have changed: all but compiled code,
/// locks, logs and the database, whose content the tests read through the guest.
fn state(sandbox: &Sandbox) -> BTreeMap<PathBuf, Vec<u8>> {
    let may_change = |path: &Path| {
        let text = path.to_string_lossy();
        text.starts_with("cache/code/")
            || text.starts_with("var/capsule.kv.")
            || text.contains("/log/")
            || path.extension().is_some_and(|extension| extension == "lock")
    };
    let files = tree(&sandbox.home()).into_iter();
    files
        .filter_map(|(path, content)| Some((path, content?)))
        .filter(|(p, _)| !may_change(p))
        .collect()
}

/// Checks that there is nothing in the home that an install would have left.
#[track_caller]
fn nothing_left(sandbox: &Sandbox) {
    same_state(&BTreeMap::new(), &state(sandbox));
}

/// Complains about what differs, without the contents.
#[track_caller]
fn same_state(before: &BTreeMap<PathBuf, Vec<u8>>, after: &BTreeMap<PathBuf, Vec<u8>>) {
    let differ = |path: &&PathBuf| before.get(*path) != after.get(*path);
    let different: Vec<_> = before.keys().chain(after.keys()).filter(differ).collect();
    assert!(different.is_empty(), "changed, new or gone: {different:?}");
}

#[test]
fn a_first_install_whose_hook_traps_leaves_nothing() {
    let sandbox = Sandbox::new();
    for hook in [
        r#"(func (export "astrid-install") unreachable)"#,
        r#"(func (export "astrid-install") (call $spoil) unreachable)"#,
    ] {
        let directory = keeper(&sandbox, "0.1.0", hook);
        let output = install(&sandbox, &directory, &["--yes"], 6);
        assert!(output.stderr.contains("astrid-install"), "{}", output.stderr);
        assert!(output.stderr.contains("unreachable"), "{}", output.stderr);
        nothing_left(&sandbox);
        assert_eq!(installed_version(&sandbox, "keeper"), None);
        let _ = sandbox.run(["invoke", "keeper", "get"]).expect_code(3);
    }
    // The store holds nothing of it either.
    let directory = keeper(&sandbox, "0.1.0", "");
    let _ = install(&sandbox, &directory, &["--yes"], 0);
    assert_eq!(kept(&sandbox), Value::Null);
}

#[test]
fn an_upgrade_whose_hook_traps_leaves_the_version_before_and_its_data() {
    let sandbox = Sandbox::new();
    let _ = install(&sandbox, &keeper(&sandbox, "0.1.0", ""), &["--yes"], 0);
    let _ = sandbox.run(["invoke", "keeper", "set", "--payload", "blue"]).expect_code(0);
    let before = state(&sandbox);
    for hook in [
        r#"(func (export "astrid-upgrade") unreachable)"#,
        r#"(func (export "astrid-upgrade") (call $spoil) unreachable)"#,
    ] {
        let directory = keeper(&sandbox, "0.2.0", hook);
        let output = install(&sandbox, &directory, &["--yes", "--json"], 6);
        let document = output.json();
        assert_eq!(
            (&document["schema"], &document["code"]),
            (&json!("capsule.error/1"), &json!(6))
        );
        same_state(&before, &state(&sandbox));
        assert_eq!(installed_version(&sandbox, "keeper").as_deref(), Some("0.1.0"));
        assert_eq!(kept(&sandbox), "blue");
    }
    let _ = sandbox.run(["verify", "--all"]).expect_code(0);
}

#[test]
fn what_a_hook_wrote_is_there_once_the_install_has_succeeded() {
    let sandbox = Sandbox::new();
    let hook = r#"(func (export "astrid-install") (call $spoil))"#;
    let _ = install(&sandbox, &keeper(&sandbox, "0.1.0", hook), &["--yes"], 0);
    assert_eq!(kept(&sandbox), "spoilt");
    let _ = sandbox.run(["invoke", "keeper", "set", "--payload", "blue"]).expect_code(0);
    let hook = r#"(func (export "astrid-upgrade") (call $spoil))"#;
    let document = install(&sandbox, &keeper(&sandbox, "0.2.0", hook), &["--yes", "--json"], 0);
    let document = document.json();
    assert_eq!(document["hooks_run"], json!(["astrid-upgrade"]));
    assert_eq!(document["previous_version"], "0.1.0");
    assert_eq!(kept(&sandbox), "spoilt");
}

#[test]
fn answers_from_the_command_line_reach_the_hook() {
    let sandbox = Sandbox::new();
    let directory = fixture(&sandbox, "onboard");
    let output = install(&sandbox, &directory, &[&["--yes"][..], &ANSWERS].concat(), 0);
    assert!(!format!("{}{}", output.stdout, output.stderr).contains(SECRET), "the secret is shown");
    let report = sandbox.run(["invoke", "onboard", "report", "--json"]).expect_code(0).json();
    assert_eq!(
        report["data_json"],
        json!({
            "answers": {"name": "Ada", "colour": "blue"},
            "upgraded_from": [],
            "token_stored": true,
        })
    );
}

#[test]
fn answers_from_a_file_reach_the_hook_and_the_command_line_counts_more() {
    let sandbox = Sandbox::new();
    let directory = fixture(&sandbox, "onboard");
    let text = "name = \"File\"\ncolour = \"green\"\n[onboard]\ntoken = { env = \"TOKEN\" }\n";
    let file = sandbox.file(sandbox.tmp().join("answers.toml"), text);
    let file = file.to_str().expect("a path in UTF-8");
    let args = ["install", &directory, "--yes", "--answers", file, "--set", "name=Flag"];
    let _ = sandbox.capsule(args).env("TOKEN", SECRET).output().expect_code(0);
    let report = sandbox.run(["invoke", "onboard", "report", "--json"]).expect_code(0).json();
    assert_eq!(report["data_json"]["answers"], json!({"name": "Flag", "colour": "green"}));
    assert_eq!(report["data_json"]["token_stored"], true);
}

#[test]
fn a_secret_answer_is_in_one_private_file_and_nowhere_else() {
    use std::os::unix::fs::MetadataExt;
    let sandbox = Sandbox::new();
    let directory = fixture(&sandbox, "onboard");
    let _ = install(&sandbox, &directory, &[&["--yes", "--json"][..], &ANSWERS].concat(), 0);
    let holds = |content: &[u8]| content.windows(SECRET.len()).any(|at| at == SECRET.as_bytes());
    let found: Vec<PathBuf> = tree(&sandbox.home())
        .into_iter()
        .filter(|(_, content)| content.as_ref().is_some_and(|content| holds(content)))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(found, [PathBuf::from("secrets/default/onboard/token")]);
    let mode = fs::metadata(sandbox.home().join(&found[0])).expect("it was just read").mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn an_upgrade_hook_sees_each_version_before_and_the_answers_stay() {
    let sandbox = Sandbox::new();
    let directory = fixture(&sandbox, "onboard");
    let _ = install(&sandbox, &directory, &[&["--yes"][..], &ANSWERS].concat(), 0);
    for (version, before) in
        [("0.2.0", "0.1.0"), ("1.0.0-beta.1", "0.2.0"), ("1.0.0", "1.0.0-beta.1")]
    {
        set_version(&directory, version);
        let document = install(&sandbox, &directory, &["--yes", "--json"], 0).json();
        assert_eq!(document["schema"], "capsule.install/1");
        assert_eq!(document["phase"], "upgrade");
        assert_eq!(document["version"], version);
        assert_eq!(document["previous_version"], before);
        assert_eq!(document["hooks_run"], json!(["astrid-upgrade"]));
    }
    let report = sandbox.run(["invoke", "onboard", "report", "--json"]).expect_code(0).json();
    let report = &report["data_json"];
    assert_eq!(report["upgraded_from"], json!(["0.1.0", "0.2.0", "1.0.0-beta.1"]));
    assert_eq!(report["answers"]["name"], "Ada");
    assert_eq!(report["token_stored"], true);
}

#[test]
fn questions_without_an_answer_and_a_terminal_do_not_hang() {
    for more in [&["--yes"][..], &["--yes", "--no-input"], &["--yes", "--json"], &[]] {
        let sandbox = Sandbox::new();
        let directory = fixture(&sandbox, "onboard");
        let args = ["install", &directory].into_iter().chain(more.iter().copied());
        // A standard input that never ends is no terminal, and nobody to wait for. Whether the guest
        // or the tool reports the error: it comes while the input is still open.
        let mut running = sandbox.capsule(args).spawn_with_stdin();
        running.error_line_with("error");
        let output = running.finish();
        assert!(!output.stderr.contains("(hidden)"), "it prompted:\n{}", output.stderr);
    }
}

#[test]
fn a_question_that_nobody_answers_fails_and_names_the_flag() {
    let sandbox = Sandbox::new();
    let directory = fixture(&sandbox, "onboard");
    let output = install(&sandbox, &directory, &["--yes"], 4);
    assert!(output.stderr.contains("--set name="), "{}", output.stderr);
    let some = ["--yes", "--json", "--set", "name=Ada"];
    let document = install(&sandbox, &directory, &some, 4).json();
    assert_eq!(document["code"], 4);
    assert!(document.to_string().contains("--set colour="), "{document}");
    assert_eq!(installed_version(&sandbox, "onboard"), None);
    nothing_left(&sandbox);
}

/// A capsule that wants to reach the network.
fn networked(sandbox: &Sandbox, version: &str, hosts: &str) -> String {
    let manifest = support::minimal_manifest("keeper").replace("0.1.0", version);
    let manifest = format!("{manifest}\n[capabilities]\nnet = [{hosts}]\n");
    let bytes = component(&format!("(module {KEEPER})"));
    let directory = sandbox.capsule_dir("keeper", &manifest, &bytes);
    directory.to_str().expect("a path in UTF-8").to_owned()
}

#[test]
fn capabilities_that_nobody_approved_are_refused() {
    let sandbox = Sandbox::new();
    let directory = networked(&sandbox, "0.1.0", "\"api.weather.test\"");
    for more in [&[][..], &["--no-input"], &["--json"]] {
        // Somebody who pipes in a yes is no terminal either.
        let args = ["install", &directory].into_iter().chain(more.iter().copied());
        let output = sandbox.capsule(args).stdin("y\ny\n").output().expect_code(4);
        for part in ["--yes", "api.weather.test", "net"] {
            assert!(output.stderr.contains(part), "{part:?} is not in:\n{}", output.stderr);
        }
        nothing_left(&sandbox);
    }
    let document = install(&sandbox, &directory, &["--yes", "--json"], 0).json();
    assert_eq!(document["capabilities"], json!({"net": ["api.weather.test"]}));
}

#[test]
fn an_upgrade_asks_only_about_what_is_new() {
    let sandbox = Sandbox::new();
    let directory = networked(&sandbox, "0.1.0", "\"api.weather.test\"");
    let _ = install(&sandbox, &directory, &["--yes"], 0);
    let before = state(&sandbox);
    let more = networked(&sandbox, "0.2.0", "\"api.weather.test\", \"more.weather.test\"");
    let output = install(&sandbox, &more, &[], 4);
    assert!(output.stderr.contains("more.weather.test"), "{}", output.stderr);
    assert!(!output.stderr.contains("api.weather.test"), "{}", output.stderr);
    same_state(&before, &state(&sandbox));
    let same = networked(&sandbox, "0.2.0", "\"api.weather.test\"");
    let document = install(&sandbox, &same, &["--json"], 0).json();
    assert_eq!(document["added_capabilities"], json!({}));
}

#[test]
fn a_dry_run_makes_every_check_and_writes_nothing() {
    let sandbox = Sandbox::new();
    let directory = fixture(&sandbox, "onboard");
    let document = install(&sandbox, &directory, &["--dry-run", "--json"], 0).json();
    assert_eq!((&document["phase"], &document["id"]), (&json!("install"), &json!("onboard")));
    let written = tree(&sandbox.home()).into_keys().chain(tree(&sandbox.workspace()).into_keys());
    assert_eq!(written.collect::<Vec<_>>(), Vec::<PathBuf>::new());

    let _ = install(&sandbox, &directory, &[&["--yes"][..], &ANSWERS].concat(), 0);
    set_version(&directory, "0.2.0");
    let before = tree(&sandbox.home());
    let document = install(&sandbox, &directory, &["--dry-run", "--json"], 0).json();
    assert_eq!(document["phase"], "upgrade");
    assert_eq!(document["previous_version"], "0.1.0");
    assert!(tree(&sandbox.home()) == before, "a dry run changed the home");
    // The checks are the same as without it.
    let _ = install(&sandbox, &directory, &["--dry-run", "--expect-hash", &"0".repeat(64)], 5);
    assert!(tree(&sandbox.home()) == before, "a dry run changed the home");
}

#[test]
fn another_binary_than_the_expected_one_is_refused() {
    let sandbox = Sandbox::new();
    let directory = fixture(&sandbox, "greeter");
    let document = install(&sandbox, &directory, &["--dry-run", "--json"], 0).json();
    let hash = document["wasm_hash"].as_str().expect("a text").to_owned();
    let mut other = hash.clone();
    let last = if other.pop() == Some('0') { '1' } else { '0' };
    other.push(last);
    let output = install(&sandbox, &directory, &["--yes", "--expect-hash", &other], 5);
    for part in [&hash, &other] {
        assert!(output.stderr.contains(part.as_str()), "{part} is not in:\n{}", output.stderr);
    }
    nothing_left(&sandbox);
    let _ = install(&sandbox, &directory, &["--yes", "--expect-hash", &hash], 0);
    // What was installed stays as it is when the next one is not what was expected.
    let before = state(&sandbox);
    set_version(&directory, "0.2.0");
    let _ = install(&sandbox, &directory, &["--yes", "--expect-hash", &other], 5);
    same_state(&before, &state(&sandbox));
}

/// Starts an install whose hook sleeps, and waits until the hook runs.
#[track_caller]
fn start_slow_install(sandbox: &Sandbox, seconds: u32) -> (String, Running) {
    let hooks = format!(
        r#"(func (export "astrid-install") (call $spoil) (call $doze (i64.const {seconds})))
           (func (export "astrid-upgrade") (call $spoil) (call $doze (i64.const {seconds})))"#
    );
    let directory = keeper(sandbox, "0.2.0", &hooks);
    let mut slow = sandbox.capsule(["install", &directory, "--yes", "--json"]).spawn();
    slow.error_line_with(HOOK_RUNS);
    (directory, slow)
}

#[test]
fn of_two_installs_at_once_the_second_waits_and_both_succeed() {
    let sandbox = Sandbox::new();
    let (directory, slow) = start_slow_install(&sandbox, 2);
    let second = sandbox.capsule(["install", &directory, "--yes", "--json"]).spawn();
    let first = slow.finish().expect_code(0).json();
    let second = second.finish().expect_code(0).json();
    assert_eq!((&first["phase"], first.get("previous_version")), (&json!("install"), None));
    // It saw what the first had done.
    assert_eq!(second["phase"], "upgrade");
    assert_eq!(second["previous_version"], "0.2.0");
    assert_eq!(second["hooks_run"], json!(["astrid-upgrade"]));
    assert_eq!(kept(&sandbox), "spoilt");
    let _ = sandbox.run(["verify", "--all"]).expect_code(0);
}

#[test]
fn whoever_does_not_want_to_wait_is_told_at_once() {
    let sandbox = Sandbox::new();
    let greeter = fixture(&sandbox, "greeter");
    let (directory, slow) = start_slow_install(&sandbox, 20);
    let started = Instant::now();
    let document = install(&sandbox, &directory, &["--yes", "--no-wait", "--json"], 10).json();
    assert_eq!(document["code"], 10);
    assert!(document["message"].as_str().is_some_and(|message| message.contains("keeper")));
    // Another capsule has nothing to wait for, and what is installed is there for everybody.
    let _ = install(&sandbox, &greeter, &["--yes", "--no-wait"], 0);
    let _ = sandbox.run(["invoke", "greeter", "fail"]).expect_code(9);
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    drop(slow);
}

#[test]
fn ten_installs_at_once_all_succeed() {
    let sandbox = Sandbox::new();
    let directory = fixture(&sandbox, "greeter");
    let all: Vec<Running> = (0..10)
        .map(|_| sandbox.capsule(["install", &directory, "--yes", "--json"]).spawn())
        .collect();
    let phases = all.into_iter().map(|one| one.finish().expect_code(0).json()["phase"].clone());
    let firsts = phases.filter(|phase| phase == "install").count();
    assert_eq!(firsts, 1, "one installs, the others find it installed");
    let _ = sandbox.run(["verify", "--all"]).expect_code(0);
    assert_eq!(staged(&sandbox), Vec::<PathBuf>::new());
}

/// What lies where installs are prepared.
fn staged(sandbox: &Sandbox) -> Vec<PathBuf> {
    tree(&sandbox.home())
        .into_keys()
        .filter(|path| path.parent() == Some(Path::new("cache/staging")))
        .collect()
}

#[test]
fn a_first_install_that_is_killed_in_its_hook_leaves_nothing_half() {
    let sandbox = Sandbox::new();
    let (directory, slow) = start_slow_install(&sandbox, 30);
    slow.signal(Signal::KILL);
    assert_eq!(slow.finish().end(), "signal 9");
    assert_eq!(installed_version(&sandbox, "keeper"), None);
    let _ = sandbox.run(["invoke", "keeper", "get"]).expect_code(3);
    // The next one neither waits for the dead nor finds anything of it.
    let directory_again = keeper(&sandbox, "0.3.0", "");
    assert_eq!(directory, directory_again);
    let document = install(&sandbox, &directory, &["--yes", "--no-wait", "--json"], 0).json();
    assert_eq!(document["phase"], "install");
    assert_eq!(kept(&sandbox), Value::Null);
    assert_eq!(staged(&sandbox), Vec::<PathBuf>::new());
    let _ = sandbox.run(["verify", "--all"]).expect_code(0);
}

#[test]
fn an_upgrade_that_is_killed_in_its_hook_leaves_the_version_before() {
    let sandbox = Sandbox::new();
    let _ = install(&sandbox, &keeper(&sandbox, "0.1.0", ""), &["--yes"], 0);
    let _ = sandbox.run(["invoke", "keeper", "set", "--payload", "blue"]).expect_code(0);
    let (_, slow) = start_slow_install(&sandbox, 30);
    // It works while the other is being prepared, and after that is gone.
    assert_eq!(kept(&sandbox), "blue");
    slow.signal(Signal::KILL);
    assert_eq!(slow.finish().end(), "signal 9");
    assert_eq!(installed_version(&sandbox, "keeper").as_deref(), Some("0.1.0"));
    assert_eq!(kept(&sandbox), "blue");
    let _ = sandbox.run(["verify", "--all"]).expect_code(0);
    let directory = keeper(&sandbox, "0.3.0", "");
    let document = install(&sandbox, &directory, &["--yes", "--json"], 0).json();
    assert_eq!(document["previous_version"], "0.1.0");
    assert_eq!(kept(&sandbox), "blue");
    assert_eq!(staged(&sandbox), Vec::<PathBuf>::new());
}

#[test]
fn ctrl_c_in_a_hook_installs_nothing() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let sandbox = Sandbox::new();
        let (_, slow) = start_slow_install(&sandbox, 30);
        let sent = Instant::now();
        slow.signal(signal);
        let _ = slow.finish().expect_code(code);
        assert!(sent.elapsed() < Duration::from_secs(15), "{:?}", sent.elapsed());
        assert_eq!(installed_version(&sandbox, "keeper"), None);
        nothing_left(&sandbox);
    }
}

#[test]
fn an_upgrade_that_is_killed_at_any_moment_leaves_one_whole_version() {
    let sandbox = Sandbox::new();
    let numbered = |number: u32| {
        let text = format!(
            r#"(module (data (i32.const 0) "{number:04}")
              (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
                (call $continue (i32.const 0) (i32.const 4))))"#
        );
        let manifest =
            support::minimal_manifest("numbered").replace("0.1.0", &format!("0.{number}.0"));
        let directory = sandbox.capsule_dir("numbered", &manifest, &component(&text));
        directory.to_str().expect("a path in UTF-8").to_owned()
    };
    // As long as an install takes here; the moments are spread over that.
    let started = Instant::now();
    let _ = install(&sandbox, &numbered(0), &["--yes"], 0);
    let whole = started.elapsed();
    let mut last = 0;
    for number in 1..=24 {
        let directory = numbered(number);
        let running = sandbox.capsule(["install", &directory, "--yes"]).spawn();
        std::thread::sleep(whole * number / 24);
        running.signal(Signal::KILL);
        let _ = running.finish();
        let document = sandbox.run(["invoke", "numbered", "which", "--json"]).expect_code(0).json();
        let data = document["data"].as_str().expect("a number");
        let found: u32 = data.parse().expect("a number");
        assert!(found == last || found == number, "{found} after {last}, while {number} came");
        let version = installed_version(&sandbox, "numbered");
        assert_eq!(version.as_deref(), Some(format!("0.{found}.0").as_str()));
        let _ = sandbox.run(["verify", "numbered"]).expect_code(0);
        last = found;
    }
    let _ = install(&sandbox, &numbered(25), &["--yes", "--no-wait"], 0);
    assert_eq!(installed_version(&sandbox, "numbered").as_deref(), Some("0.25.0"));
    assert_eq!(staged(&sandbox), Vec::<PathBuf>::new());
}
