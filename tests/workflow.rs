//! The workflow in docs/ci and those that new capsules get, held against a schema and against what they
//! are for: they say nothing that the service does not know, run nobody's code but what is pinned, and may
//! do no more than they need. Each script of the one in docs/ci does here what it is to do there.

#[path = "workflow/yaml.rs"]
mod yaml;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text() -> String {
    fs::read_to_string(repository().join("docs/ci/capsule.yml")).expect("a workflow")
}

fn workflow() -> Value {
    yaml::parse(&text()).expect("YAML without surprises")
}

/// The text of every workflow, by name.
fn all() -> Vec<(String, String)> {
    let mut all = vec![("docs/ci".to_owned(), text())];
    let dir = tempfile::tempdir().expect("a directory");
    for lang in ["wat", "c", "rust"] {
        let mut program = Command::new(env!("CARGO_BIN_EXE_capsule"));
        let made = program.args(["new", lang, "--lang", lang]).current_dir(dir.path()).output();
        assert!(made.expect("it runs").status.success());
        let file = dir.path().join(lang).join(".github/workflows/capsule.yml");
        all.push((format!("new --lang {lang}"), fs::read_to_string(file).expect("a workflow")));
    }
    all
}

/// Every workflow, by name.
fn each() -> impl Iterator<Item = (String, Value)> {
    all().into_iter().map(|(name, text)| {
        let workflow = yaml::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, workflow)
    })
}

/// Every step of every job.
fn steps(workflow: &Value) -> Vec<Value> {
    let jobs = workflow["jobs"].as_object().expect("jobs");
    jobs.values().flat_map(|job| job["steps"].as_array().expect("steps").clone()).collect()
}

/// The script of a step; none for one that uses an action.
fn script(step: &Value) -> Option<&str> {
    step["run"].as_str()
}

/// What the schema has against a workflow.
fn objections(workflow: &Value) -> Vec<String> {
    let schema = fs::read_to_string(repository().join("tests/schemas/workflow.json"));
    let schema = serde_json::from_str(&schema.expect("a schema")).expect("JSON");
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.add_resource("schema.json", schema).expect("a new name");
    let index = compiler.compile("schema.json", &mut schemas).expect("a schema");
    match schemas.validate(workflow, index) {
        Ok(()) => Vec::new(),
        Err(error) => vec![format!("{error:#}")],
    }
}

#[test]
fn it_says_only_what_the_service_knows() {
    for (name, workflow) in each() {
        assert_eq!(objections(&workflow), [""; 0], "{name}");
    }
}

#[test]
fn the_schema_finds_what_is_misspelt() {
    let whole = text();
    for (part, other) in [
        ("runs-on:", "run-on:"),
        ("steps:", "step:"),
        ("pull_request:", "pullrequest:"),
        ("contents: read", "contents: reading"),
        ("contents: read", "content: read"),
        ("timeout-minutes: 30", "timeout-minutes: soon"),
        ("        run: cargo", "        runs: cargo"),
        ("      - uses: github/", "      - use: github/"),
        ("        run: cargo", "        uses: actions/cache@v4\n        run: cargo"),
        ("env:\n", "env:\n  GITHUB_TOKEN: x\n"),
    ] {
        let spoilt = whole.replacen(part, other, 1);
        assert_ne!(spoilt, whole, "{part} is not there");
        let spoilt = yaml::parse(&spoilt).expect("still YAML");
        assert!(!objections(&spoilt).is_empty(), "{other} passes");
    }
}

#[test]
fn actions_are_those_of_one_commit_whose_version_is_told() {
    for (name, text) in all() {
        let uses: Vec<&str> = text
            .lines()
            .filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("uses: "))
            .collect();
        let workflow = yaml::parse(&text).expect("YAML without surprises");
        let used = steps(&workflow).iter().filter(|step| !step["uses"].is_null()).count();
        assert_eq!(uses.len(), used, "{name}");
        for line in uses {
            let (action, version) = line.split_once(" # v").unwrap_or_else(|| panic!("{line}"));
            let (_, commit) = action.split_once('@').expect("the schema says so");
            let is_commit = commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit());
            assert!(is_commit && version.split('.').count() == 3, "{name}: {line}");
        }
    }
}

/// What a job or a workflow may write.
fn writes(permissions: &Value) -> Vec<&str> {
    let all = permissions.as_object().into_iter().flatten();
    all.filter(|(_, may)| *may == "write").map(|(what, _)| what.as_str()).collect()
}

#[test]
fn they_may_write_findings_where_they_do_and_nothing_else() {
    for (name, workflow) in each() {
        assert_eq!(writes(&workflow["permissions"]), [""; 0], "{name}");
        for job in workflow["jobs"].as_object().expect("jobs").values() {
            let uploads = job["steps"].as_array().expect("steps").iter().any(|step| {
                let uses = step["uses"].as_str();
                uses.is_some_and(|it| it.starts_with("github/codeql-action/upload-"))
            });
            let expected: &[&str] = if uploads { &["security-events"] } else { &[] };
            assert_eq!(writes(&job["permissions"]), expected, "{name}");
        }
        for step in steps(&workflow) {
            if step["uses"].as_str().is_some_and(|it| it.starts_with("actions/checkout@")) {
                let kept = &step["with"]["persist-credentials"];
                assert_eq!(*kept, false, "{name}: the token stays out of the files");
            }
        }
    }
}

#[test]
fn nothing_from_outside_becomes_part_of_a_script() {
    let known = ["github.base_ref", "github.ref", "vars.CAPSULE_SOURCE", "vars.CAPSULE_REVISION"];
    for (name, text) in all() {
        let mut rest = text.as_str();
        while let Some((_, behind)) = rest.split_once("${{") {
            let (inside, behind) = behind.split_once("}}").expect("an expression ends");
            assert!(known.contains(&inside.trim()), "{name}: {inside}");
            rest = behind;
        }
        for step in steps(&yaml::parse(&text).expect("YAML without surprises")) {
            let Some(script) = script(&step) else { continue };
            assert!(!script.contains("${{"), "{name}: {script}");
            for shell in ["sh", "bash"] {
                let checked = Command::new(shell).args(["-n", "-c", script]).output();
                assert!(checked.expect("a shell").status.success(), "{name}, {shell}: {script}");
            }
        }
    }
}

const SOURCE: &str = "https://git.example.com/capsule.git";
const REVISION: &str = "0123456789abcdef0123456789abcdef01234567";

/// A value with the variables of the repository in it.
fn filled(value: &str) -> String {
    value
        .replace("${{ vars.CAPSULE_SOURCE }}", SOURCE)
        .replace("${{ vars.CAPSULE_REVISION }}", REVISION)
}

/// A runner: the target branch in `old`, the pull request in `new`, and what the steps find.
struct Runner {
    dir: tempfile::TempDir,
    workflow: Value,
}

impl Runner {
    fn new() -> Runner {
        let dir = tempfile::tempdir().expect("a directory");
        let runner = Runner { dir, workflow: workflow() };
        for side in ["old", "new"] {
            let capsule = runner.at(&format!("{side}/capsule"));
            fs::create_dir_all(&capsule).expect("an own directory");
            for entry in fs::read_dir(repository().join("fixtures/greeter")).expect("a fixture") {
                let entry = entry.expect("readable");
                if entry.file_type().expect("known").is_file() {
                    fs::copy(entry.path(), capsule.join(entry.file_name())).expect("an own file");
                }
            }
            fs::create_dir_all(runner.at(&format!("{side}/.github"))).expect("an own directory");
        }
        let gate = repository().join("docs/ci/gate.sh");
        fs::copy(gate, runner.at("old/.github/gate.sh")).expect("an own file");
        // A pull request may bring a gate of its own, and nobody asks that.
        runner.program("new/.github/gate.sh", "exit 0");
        // Stands in for what builds this very program.
        runner.program("bin/cargo", "echo \"$@\" >> cargo.txt");
        runner
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn program(&self, name: &str, script: &str) {
        let path = self.at(name);
        fs::create_dir_all(path.parent().expect("in a directory")).expect("an own directory");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("an own file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("an own file");
    }

    /// Runs the script of a step as the service does.
    fn runs(&self, step: &Value) -> Output {
        let binary = Path::new(env!("CARGO_BIN_EXE_capsule")).parent().expect("a directory");
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{}:{path}", self.at("bin").display(), binary.display());
        let variables = [&self.workflow["env"], &step["env"]];
        let variables = variables.into_iter().filter_map(Value::as_object).flatten();
        Command::new("bash")
            .args(["-e", "-c", script(step).expect("a script")])
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", path)
            .env("ASTRID_HOME", self.at("home"))
            .env("GITHUB_STEP_SUMMARY", self.at("summary.md"))
            .envs(variables.map(|(name, value)| (name, filled(value.as_str().expect("text")))))
            .output()
            .expect("bash")
    }
}

#[test]
fn every_script_does_its_part_and_the_gate_stops_what_is_new() {
    let runner = Runner::new();
    let steps = steps(&runner.workflow);
    let scripts: Vec<&Value> = steps.iter().filter(|step| script(step).is_some()).collect();
    for step in &scripts {
        let output = runner.runs(step);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", step["name"]);
    }
    let built = fs::read_to_string(runner.at("cargo.txt")).expect("it was called");
    let package = env!("CARGO_PKG_NAME");
    assert_eq!(built, format!("install --locked --git {SOURCE} --rev {REVISION} {package}\n"));

    let upload = steps.iter().find(|step| !step["with"]["sarif_file"].is_null());
    let file = upload.expect("findings are uploaded")["with"]["sarif_file"].as_str().expect("text");
    let findings = fs::read_to_string(runner.at(file)).expect("an earlier step writes it");
    let findings: Value = serde_json::from_str(&findings).expect("JSON");
    assert_eq!(findings["version"], "2.1.0");
    let summary = fs::read_to_string(runner.at("summary.md")).expect("a step writes it");
    assert!(summary.starts_with('#') && summary.contains("greeter"), "{summary}");

    let manifest = runner.at("new/capsule/Capsule.toml");
    let text = fs::read_to_string(&manifest).expect("the fixture's");
    fs::write(&manifest, format!("{text}\n[capabilities]\nnet = [\"example.com\"]\n"))
        .expect("an own file");
    let gate = scripts.last().expect("there is a gate");
    let output = runner.runs(gate);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("new capabilities: net example.com"), "{said}");
    let annotated = String::from_utf8_lossy(&output.stdout);
    assert!(annotated.contains("::warning file=new/capsule/Capsule.toml,line="), "{annotated}");
}
