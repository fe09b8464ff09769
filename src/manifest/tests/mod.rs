//! What the parser says of whole manifests.
//!
//! A case is one text: what is appended to [`BASE`], an arrow, and the codes that are found with
//! their lines. The lines of [`BASE`] are 1 to 5, so the first line of a case is line 6.

mod access;
mod properties;
mod tables;
mod text;
mod whole;

use super::*;

/// A manifest with all that a component capsule needs.
const BASE: &str = "[package]\nname = \"notes\"\nversion = \"1.0.0\"\n\
                    [[component]]\nfile = \"notes.wasm\"\n";

/// A manifest that uses every key of every table, and draws no remark.
const FULL: &str = include_str!("full.toml");

fn parsed(text: &str) -> Parsed {
    parse(text, &ParseOptions::default())
}

/// The manifest of a text appended to [`BASE`].
fn manifest(more: &str) -> Manifest {
    let parsed = parsed(&format!("{BASE}{more}"));
    let problems = format!("{:#?}", parsed.problems);
    parsed.manifest.expect(&problems)
}

/// What is found in a whole text: `code@line`, or `code` for the file as such.
fn found(text: &str, options: &ParseOptions) -> String {
    let source = Source::new(text);
    let parsed = parse(text, options);
    let errors = parsed.at(Level::Error).count();
    assert_eq!(parsed.manifest.is_none(), errors > 0, "{:#?}", parsed.problems);
    let place = |problem: &Problem| match &problem.span {
        Some(span) => format!("{}@{}", problem.code, source.line(span.start)),
        None => problem.code.to_owned(),
    };
    parsed.problems.iter().map(place).collect::<Vec<_>>().join(" ")
}

/// Runs cases.
fn check(cases: &[&str]) {
    for case in cases {
        let (more, expected) = case.split_once("=>").expect("an arrow");
        let found = found(&format!("{BASE}{}", more.trim_end()), &ParseOptions::default());
        assert_eq!(found, expected.trim(), "{case:.300}");
    }
}

/// The help of the first problem of a text appended to [`BASE`].
fn help(more: &str) -> String {
    let mut problems = parsed(&format!("{BASE}{more}")).problems.into_iter();
    problems.next().and_then(|problem| problem.help).unwrap_or_else(|| panic!("no help: {more}"))
}
