use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::*;

#[test]
fn ids_are_unique_and_kebab_case() {
    let mut seen = BTreeSet::new();
    for rule in all() {
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(rule.id.chars().all(kebab), "{}", rule.id);
        assert!(seen.insert(rule.id), "{} is there twice", rule.id);
        assert_eq!(find(rule.id), Some(rule));
    }
}

#[test]
fn every_rule_says_what_why_and_what_to_do() {
    for rule in all() {
        for (part, text) in [("title", rule.title), ("why", rule.why), ("fix", rule.fix)] {
            assert!(text.len() > 10, "{}: {part} says nothing", rule.id);
            assert!(!text.contains("  ") && text.trim() == text, "{}: {part}: {text}", rule.id);
        }
        assert!(!rule.title.ends_with('.'), "{}: a title is no sentence", rule.id);
        assert!(rule.why.ends_with('.') && rule.fix.ends_with('.'), "{}: a full stop", rule.id);
    }
}

/// Everything that tests of findings expect: outputs of the command line, and codes in unit tests.
fn expectations() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = [
        "src/manifest/tests",
        "src/component/tests",
        "src/report/inspect/tests.rs",
        "src/report/verify/tests.rs",
        "tests/cli",
    ];
    let mut open: Vec<PathBuf> = sources.map(|path| root.join(path)).to_vec();
    let mut text = String::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(&path).expect("readable");
            open.extend(entries.map(|entry| entry.expect("readable").path()));
        } else if ["rs", "stdout", "stderr"].iter().any(|it| path.extension() == Some(it.as_ref()))
        {
            text += &std::fs::read_to_string(&path).expect("text");
        }
    }
    text
}

#[test]
fn every_rule_is_expected_by_a_test() {
    let expected = expectations();
    let words: BTreeSet<&str> = expected
        .split(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'))
        .collect();
    let unexpected: Vec<&str> =
        all().map(|rule| rule.id).filter(|id| !words.contains(id)).collect();
    assert_eq!(unexpected, [""; 0], "no test produces these");
}
