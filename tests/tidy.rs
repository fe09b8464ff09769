//! The rules of this repository that a machine can judge.
//!
//! Each check is a function on texts with tests of its own; here it meets the files. A check of a
//! file that is not there fails and says which one it misses.

#[path = "tidy/layers.rs"]
mod layers;
#[path = "tidy/mounted.rs"]
mod mounted;
#[path = "tidy/paths.rs"]
mod paths;
#[path = "tidy/source.rs"]
mod source;
#[path = "tidy/texts.rs"]
mod texts;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use mounted::Follow;

/// Files that look for folders of one machine in other files, and so have to name them.
const PATH_FINDERS: [&str; 2] = ["fixtures/encode/src/source.rs", "tests/fixtures.rs"];

/// Where the compiler starts.
const CRATE_ROOTS: [&str; 2] = ["src/lib.rs", "src/main.rs"];

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file of the repository below `folder`, by its path from the root. What is generated and
/// what is not text has no place here.
fn files(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![repository().join(folder)];
    while let Some(folder) = folders.pop() {
        let entries =
            fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for entry in entries {
            let path = entry.expect("the repository is readable").path();
            let name = path.file_name().unwrap_or_default();
            if path.is_dir() {
                if name != "target" && name != ".git" {
                    folders.push(path);
                }
            } else if name != "Cargo.lock" && path.extension().is_none_or(|end| end != "wasm") {
                let relative = path.strip_prefix(repository()).expect("below the root");
                found.push(relative.to_owned());
            }
        }
    }
    found.sort();
    found
}

/// The text of a file; `None` when it is not there or not text.
fn text(path: &Path) -> Option<String> {
    fs::read_to_string(repository().join(path)).ok()
}

#[track_caller]
fn required(path: &str) -> String {
    text(Path::new(path)).unwrap_or_else(|| panic!("{path} is missing"))
}

fn is_rust(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs")
}

fn rust_files(folder: &str) -> Vec<PathBuf> {
    files(folder).into_iter().filter(|path| is_rust(path)).collect()
}

/// The sources that are compiled into the library and the program.
fn production_files() -> BTreeSet<PathBuf> {
    let roots = CRATE_ROOTS.map(Path::new).into_iter();
    roots.flat_map(|root| mounted::reachable(root, Follow::Production, &text)).collect()
}

/// Applies a check to every text below `folder`.
fn every_text(folder: &str, check: impl Fn(&str, &str) -> Vec<String>) -> Vec<String> {
    let mut found = Vec::new();
    for path in files(folder) {
        found.extend(
            text(&path).map(|text| check(&path.to_string_lossy(), &text)).unwrap_or_default(),
        );
    }
    found
}

#[track_caller]
fn none(complaints: &[String]) {
    assert!(complaints.is_empty(), "{} complaint(s)\n{}", complaints.len(), complaints.join("\n"));
}

#[test]
fn modules_name_only_what_their_layer_allows() {
    let interfaces: BTreeSet<String> = rust_files("src")
        .iter()
        .filter_map(|path| path.strip_prefix("src/host").ok()?.parent()?.iter().next())
        .map(|folder| folder.to_string_lossy().into_owned())
        .collect();
    let interfaces: Vec<String> = interfaces.into_iter().collect();
    let mut complaints = Vec::new();
    for path in production_files() {
        let below = path.strip_prefix("src").expect("a source");
        complaints.extend(layers::complaints(below, &text(&path).unwrap_or_default(), &interfaces));
    }
    none(&complaints);
}

#[test]
fn every_module_has_a_layer() {
    let sources = rust_files("src");
    let below = sources.iter().filter_map(|path| path.strip_prefix("src").ok());
    let rows = layers::without_row(below);
    assert!(rows.is_empty(), "no row in the table of tests/tidy/layers.rs: {rows:?}");
}

#[test]
fn every_source_and_test_file_is_compiled() {
    let tests = rust_files("tests");
    let test_roots = tests.iter().filter(|path| path.parent() == Some(Path::new("tests")));
    let mut mounted = BTreeSet::new();
    for root in test_roots.map(PathBuf::as_path).chain(CRATE_ROOTS.map(Path::new)) {
        mounted.extend(mounted::reachable(root, Follow::Everything, &text));
    }
    let dead: Vec<String> = rust_files("src")
        .iter()
        .chain(&tests)
        .filter(|path| !mounted.contains(*path))
        .map(|path| format!("{}: no `mod` leads to it", path.display()))
        .collect();
    none(&dead);
}

#[test]
fn nothing_is_left_unfinished() {
    none(&every_text("", texts::unfinished));
}

#[test]
fn no_file_names_a_folder_of_one_machine() {
    none(&every_text("", |name, text| {
        if PATH_FINDERS.contains(&name) { Vec::new() } else { texts::machine_paths(name, text) }
    }));
}

#[test]
fn every_dependency_has_its_reason_above_it() {
    none(&texts::unexplained_dependencies(&required("Cargo.toml")));
}

#[test]
fn the_changelog_has_a_place_for_the_next_change() {
    let changelog = required("CHANGELOG.md");
    assert!(texts::has_unreleased_heading(&changelog), "CHANGELOG.md has no `## Unreleased`");
}

#[test]
fn every_fixture_is_used() {
    let users: Vec<String> = files("")
        .into_iter()
        .filter(|path| !path.starts_with("fixtures") && path != Path::new("tests/fixtures.rs"))
        .filter_map(|path| text(&path))
        .collect();
    let fixtures = files("fixtures").into_iter().filter(|path| path.ends_with("Capsule.toml"));
    let names = fixtures
        .filter_map(|path| Some(path.parent()?.file_name()?.to_string_lossy().into_owned()));
    let unused: Vec<String> = names
        .filter(|name| !users.iter().any(|text| texts::uses_fixture(text, name)))
        .map(|name| format!("fixtures/{name}: no test and no page uses it"))
        .collect();
    none(&unused);
}

/// What `capsule help exit-codes` prints.
fn printed_codes() -> texts::ExitCodes {
    let output = Command::new(env!("CARGO_BIN_EXE_capsule"))
        .args(["help", "exit-codes"])
        .env_clear()
        .output()
        .expect("the program starts");
    let codes = texts::printed_codes(&String::from_utf8_lossy(&output.stdout));
    assert!(!codes.is_empty(), "`capsule help exit-codes` prints no codes: {output:?}");
    codes
}

#[test]
fn the_readme_documents_the_exit_codes_that_the_program_prints() {
    assert_eq!(texts::documented_codes(&required("README.md")), printed_codes());
}

#[test]
fn cases_expect_only_documented_exit_codes() {
    let known = printed_codes();
    none(&every_text("tests/cli", |name, text| {
        let codes = texts::expected_codes(text).into_iter();
        codes
            .filter(|code| !known.contains_key(code))
            .map(|code| format!("{name}: {code}"))
            .collect()
    }));
}
