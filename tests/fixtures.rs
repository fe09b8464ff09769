//! Keeps the committed fixture capsules and their sources together.
//!
//! Building them takes a guest toolchain that not every machine has, so these tests do not build:
//! they compare both ends with what `fixtures/build` wrote down.

#[path = "../fixtures/encode/src/source.rs"]
mod source;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use source::Line;

const REMEDY: &str = "run fixtures/build and commit what it changed";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn record() -> Vec<Line> {
    source::read_record(&root()).expect("fixtures/RECORD is readable")
}

/// Runs `check` on every recorded fixture and reports all complaints at once, then the remedy.
fn each(remedy: &str, check: impl Fn(&Path, &Line) -> Option<String>) {
    let root = root();
    let lines = record();
    assert!(!lines.is_empty(), "fixtures/RECORD is empty: {REMEDY}");
    let complaints: Vec<String> = lines.iter().filter_map(|line| check(&root, line)).collect();
    assert!(complaints.is_empty(), "{}\n{remedy}", complaints.join("\n"));
}

#[test]
fn record_lists_exactly_the_fixtures_that_exist() {
    let lines = record();
    let recorded: BTreeSet<String> = lines.iter().map(|line| line.name.clone()).collect();
    let existing = source::fixtures(&root()).expect("fixtures/ is readable");
    let existing: BTreeSet<String> = existing.into_iter().collect();
    let missing: Vec<_> = existing.difference(&recorded).collect();
    let gone: Vec<_> = recorded.difference(&existing).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "not in fixtures/RECORD: {missing:?}; in it, but without a Capsule.toml: {gone:?}; {REMEDY}"
    );
    assert_eq!(lines.len(), recorded.len(), "a fixture is recorded twice: {REMEDY}");
}

#[test]
fn every_crate_of_a_fixture_has_a_manifest() {
    let root = root();
    let with_manifest = source::fixtures(&root).expect("fixtures/ is readable");
    for entry in fs::read_dir(&root).expect("fixtures/ is readable") {
        let entry = entry.expect("fixtures/ is readable");
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_crate = entry.path().join("Cargo.toml").is_file() && name != "encode";
        assert!(
            !is_crate || with_manifest.contains(&name),
            "fixtures/{name} has a Cargo.toml but no Capsule.toml"
        );
    }
}

#[test]
fn sources_are_those_the_binaries_were_built_from() {
    each(REMEDY, |root, line| match source::source_hash(root, &line.name) {
        Ok(hash) if hash == line.source => None,
        Ok(_) => Some(format!("fixtures/{}: its source changed since it was built", line.name)),
        Err(error) => Some(format!("fixtures/{}: {error}", line.name)),
    });
}

#[test]
fn binaries_are_those_that_were_built() {
    each(REMEDY, |root, line| match source::binary_hash(root, &line.name) {
        Ok(hash) if hash == line.binary => None,
        Ok(_) => Some(format!("fixtures/{0}/{0}.wasm: not the recorded binary", line.name)),
        Err(error) => Some(format!("fixtures/{0}/{0}.wasm: {error}", line.name)),
    });
}

#[test]
fn no_binary_names_the_machine_that_built_it() {
    each(REMEDY, |root, line| {
        let bytes = fs::read(source::component(root, &line.name)).ok()?;
        let path = source::machine_path(&bytes)?;
        Some(format!("fixtures/{0}/{0}.wasm: contains a path below {path}", line.name))
    });
}

#[test]
fn a_machine_path_is_found_wherever_it_stands() {
    assert_eq!(source::machine_path(b"panicked at /root/x.rs"), Some("/root/"));
    assert_eq!(source::machine_path(b"/usr/"), Some("/usr/"));
    assert_eq!(source::machine_path(b"/src/x.rs /dep/y.rs home://notes"), None);
    assert_eq!(source::machine_path(b""), None);
}

#[test]
fn each_manifest_names_its_directory_and_its_component() {
    each("the two must be the same name", |root, line| {
        let path = root.join(&line.name).join("Capsule.toml");
        let text = fs::read_to_string(&path).unwrap_or_default();
        let names = |wanted: &str| text.lines().any(|found| found == wanted);
        let good = names(&format!("name = \"{}\"", line.name))
            && names(&format!("file = \"{}.wasm\"", line.name));
        (!good).then(|| {
            format!("fixtures/{}: the manifest names another capsule or component", line.name)
        })
    });
}
