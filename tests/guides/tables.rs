//! Tables that the program itself knows best.

use std::process::Command;

use capsule::component::kernel::{Release, first_to_serve};
use capsule::host::INTERFACES;
use capsule::rules::{GROUPS, Group};

/// The tables that there are.
pub(crate) const NAMES: [&str; 4] = ["exit-codes", "findings", "interfaces", "kernel-findings"];

/// The lines of a table.
pub(crate) fn named(name: &str) -> Vec<String> {
    match name {
        "exit-codes" => exit_codes(),
        "findings" => GROUPS.iter().flat_map(findings).collect(),
        "interfaces" => interfaces(),
        "kernel-findings" => {
            let kernel = GROUPS.iter().find(|group| group.name == "kernel");
            rows(kernel.expect("there is one"))
        }
        other => panic!("there is no table called {other}"),
    }
}

/// As the program prints them, which is also what its man page says.
fn exit_codes() -> Vec<String> {
    let mut program = Command::new(env!("CARGO_BIN_EXE_capsule"));
    let output = program.args(["help", "exit-codes"]).output().expect("it runs");
    let text = String::from_utf8(output.stdout).expect("text");
    let mut lines = vec!["| code | meaning |".to_owned(), "|---|---|".to_owned()];
    lines.extend(text.lines().map(|line| {
        let (code, meaning) = line.trim_start().split_once("  ").expect("a code and a meaning");
        format!("| {code} | {meaning} |")
    }));
    lines
}

fn findings(group: &Group) -> Vec<String> {
    let mut lines = vec![format!("### {}: {}", group.name, group.about), String::new()];
    lines.extend(rows(group));
    lines.push(String::new());
    lines
}

fn rows(group: &Group) -> Vec<String> {
    let mut lines =
        vec!["| id | level | what is the case |".to_owned(), "|---|---|---|".to_owned()];
    lines.extend(group.rules.iter().map(|rule| {
        let strict = if rule.strict { ", error with `--strict`" } else { "" };
        format!("| `{}` | {}{strict} | {} |", rule.id, rule.level.name(), rule.title)
    }));
    lines
}

/// Which release serves what; the tool serves all of it.
fn interfaces() -> Vec<String> {
    let versions = Release::ALL.map(Release::version).join(" | ");
    let mut lines = vec![
        format!("| interface | {versions} | capsule |"),
        format!("|---|{}---|", "---|".repeat(Release::ALL.len())),
    ];
    lines.extend(INTERFACES.iter().map(|interface| {
        let mark = |serves: bool| if serves { "yes" } else { "" };
        let cells = Release::ALL.map(|release| mark(release.serves(interface.name)));
        let first = first_to_serve(interface.name);
        assert_eq!(cells.contains(&"yes"), first.is_some(), "{}", interface.name);
        format!("| `{}` | {} | yes |", interface.name, cells.join(" | "))
    }));
    lines
}
