//! Archives and manifests that somebody made to do harm, or that went wrong on the way: each is
//! refused with the exit code for what is no capsule, and with the reason.

mod support;

#[path = "archives/corpus.rs"]
mod corpus;
#[path = "archives/manifests.rs"]
mod manifests;

use corpus::{Case, MANIFEST, archive, directory, file};
use support::{Sandbox, component};

const SILENT: &str = r#"(module
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue-empty)))"#;

#[test]
fn every_hostile_archive_is_refused_for_its_reason() {
    let sandbox = Sandbox::new();
    let cases = corpus::cases();
    for Case { name, bytes, reason } in &cases {
        let path = sandbox.file(format!("{name}.capsule"), bytes);
        let path = path.to_str().expect("the sandbox has a plain path");
        let output = sandbox.run(["inspect", path]);
        let told = &output.stderr;
        assert_eq!(output.code(), Some(3), "{name}: {told}");
        assert!(told.contains(reason), "{name}: expected {reason:?} in: {told}");
    }
    assert!(!sandbox.home().join("bin").exists(), "nothing was installed");
}

#[test]
fn every_hostile_manifest_is_refused_for_its_reason() {
    let sandbox = Sandbox::new();
    for (name, text, reason) in manifests::cases() {
        let wasm = b"\0asm\x0d\0\x01\0".to_vec();
        let parts = [file("Capsule.toml", &text), file("a.wasm", &wasm)];
        let path = sandbox.file(format!("{name}.capsule"), archive(&parts));
        let path = path.to_str().expect("the sandbox has a plain path");
        let output = sandbox.run(["inspect", path]);
        let told = &output.stderr;
        assert_eq!(output.code(), Some(3), "{name}: {told}");
        assert!(told.contains(reason), "{name}: expected {reason:?} in: {told}");
        assert!(told.contains(path), "{name} is named as the user knows it: {told}");
    }
}

#[test]
fn there_are_enough_of_them() {
    assert!(corpus::cases().len() + manifests::cases().len() >= 60);
}

#[test]
fn what_other_tools_pack_is_taken() {
    let sandbox = Sandbox::new();
    let wasm = component(SILENT);
    // As `tar czf x.capsule .` writes it: the root itself, and a dot before each name.
    let parts = [
        directory("./"),
        file("./Capsule.toml", MANIFEST.as_bytes()),
        directory("./wit/"),
        file("./wit/a.wit", b"package a:a;\n"),
        file("./a.wasm", &wasm),
    ];
    let path = sandbox.file("a.capsule", archive(&parts));
    let path = path.to_str().expect("the sandbox has a plain path");
    let runs: [&[&str]; 4] =
        [&["inspect", path], &["install", path, "--yes"], &["invoke", path, "x"], &["verify", "a"]];
    for run in runs {
        let output = sandbox.run(run.iter().copied());
        assert_eq!(output.code(), Some(0), "{run:?}: {}", output.stderr);
    }
}

#[test]
fn nothing_of_a_refused_archive_is_left_behind() {
    let sandbox = Sandbox::new();
    let parts = [file("Capsule.toml", MANIFEST.as_bytes()), file("../evil", b"x")];
    let path = sandbox.file("a.capsule", archive(&parts));
    let path = path.to_str().expect("the sandbox has a plain path");
    let scratch = sandbox.tmp().join("scratch");
    std::fs::create_dir(&scratch).expect("an own directory");
    let output = sandbox.capsule(["install", path, "--yes"]).env("TMPDIR", &scratch).output();
    assert_eq!(output.code(), Some(3), "{}", output.stderr);
    assert_eq!(std::fs::read_dir(&scratch).expect("readable").count(), 0);
    assert!(!sandbox.tmp().join("evil").exists() && !scratch.join("evil").exists());
}

#[test]
fn an_invalid_manifest_in_an_archive_gives_findings_with_their_places() {
    let sandbox = Sandbox::new();
    let text = MANIFEST.replace("\"a\"", "\"A\"");
    let parts = [file("Capsule.toml", text.as_bytes()), file("a.wasm", &component(SILENT))];
    let path = sandbox.file("bad.capsule", archive(&parts));
    let path = path.to_str().expect("the sandbox has a plain path");
    let check = |format: &str| {
        let args = ["inspect", path, "--check", "--format", format];
        sandbox.run(args).expect_code(3)
    };
    let sarif = check("sarif").json();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "capsule-id");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "bad.capsule/Capsule.toml");
    let line = text.lines().position(|line| line.starts_with("name")).expect("it has a name");
    let column = "name = ".len() + 1;
    assert_eq!(place["region"]["startLine"], line + 1);
    assert_eq!(place["region"]["startColumn"], column);
    let junit = check("junit").stdout;
    assert!(junit.contains(&format!("bad.capsule/Capsule.toml:{}:{column}", line + 1)), "{junit}");
    let github = check("github").stdout;
    assert!(github.contains(&format!("line={},col={column}", line + 1)), "{github}");
}
