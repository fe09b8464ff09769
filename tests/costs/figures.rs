//! Figures that were recorded, in a file beside the test that measures them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use crate::support::repository;

/// What was measured now, by what it is called.
pub(crate) type Figures = BTreeMap<&'static str, u64>;

/// Fails if one of the figures is more than the recorded one and `margin_percent` of it, or if they
/// are not the recorded ones by name. With `BLESS=1` it records them instead.
#[track_caller]
pub(crate) fn check(file: &str, measured: &Figures, margin_percent: u64) {
    let path = repository().join("tests/costs").join(file);
    if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
        record(&path, measured);
        return;
    }
    let text = fs::read_to_string(&path).expect("the record is there");
    let recorded: BTreeMap<&str, u64> = text.lines().filter_map(parse).collect();
    let names = |figures: Vec<&str>| figures.join(", ");
    assert_eq!(
        names(recorded.keys().copied().collect()),
        names(measured.keys().copied().collect()),
        "{file} is of other figures: BLESS=1 cargo test --test costs"
    );
    let mut worse = String::new();
    for (name, now) in measured {
        let before = recorded[name];
        let most = before + before * margin_percent / 100;
        if *now > most {
            writeln!(worse, "{name}: {now}, at most {most}").expect("a String grows");
        }
    }
    assert!(
        worse.is_empty(),
        "\n{worse}Whoever means it to cost more records that: BLESS=1 cargo test --test costs"
    );
}

fn parse(line: &str) -> Option<(&str, u64)> {
    let (name, figure) = line.split_once(": ")?;
    Some((name, figure.parse().expect("a figure")))
}

fn record(path: &PathBuf, measured: &Figures) {
    let lines = measured.iter().map(|(name, figure)| format!("{name}: {figure}\n"));
    fs::write(path, lines.collect::<String>()).expect("the record can be written");
}

#[test]
fn a_figure_is_a_line_of_its_own() {
    assert_eq!(parse("allocations of a call: 12"), Some(("allocations of a call", 12)));
    assert_eq!(parse(""), None);
}
