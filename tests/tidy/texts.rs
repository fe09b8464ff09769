//! Checks of texts that are not about Rust modules: words, paths, tables and headings.

use std::collections::BTreeMap;

use crate::layers::has_word;
use crate::source::mask;

/// Marks of work that is not done. They are put together here so that this file has none.
const UNFINISHED: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

/// Macros that stand for code that is not there, or that is there for a moment only.
const UNFINISHED_MACROS: [&str; 3] = ["todo!", "unimplemented!", "dbg!"];

/// Folders of one machine, put together for the same reason.
const MACHINE_PATHS: [&str; 2] = [concat!("/wo", "rk/"), concat!("/ro", "ot/")];

/// Lines with a mark of unfinished work or with a test that is switched off.
pub(crate) fn unfinished(name: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let words = UNFINISHED.iter().filter(|word| has_word(line, word));
        found.extend(words.map(|word| format!("{name}:{}: {word}", number + 1)));
    }
    if name.ends_with(".rs") {
        for (number, line) in mask(text).lines().enumerate() {
            let macros = UNFINISHED_MACROS.iter().filter(|name| has_word(line, name));
            found.extend(macros.map(|word| format!("{name}:{}: {word}", number + 1)));
            if line.contains("#[ignore") {
                found.push(format!("{name}:{}: a test that is switched off", number + 1));
            }
        }
    }
    found
}

/// Lines that name a folder of one machine.
pub(crate) fn machine_paths(name: &str, text: &str) -> Vec<String> {
    let starts_there = |line: &str, path: &str| {
        line.match_indices(path).any(|(at, _)| {
            !line[..at].ends_with(|c: char| c.is_alphanumeric() || "%._-}/".contains(c))
        })
    };
    let lines = text.lines().enumerate();
    lines
        .filter(|(_, line)| MACHINE_PATHS.iter().any(|path| starts_there(line, path)))
        .map(|(number, line)| format!("{name}:{}: {}", number + 1, line.trim()))
        .collect()
}

/// Dependencies in a `Cargo.toml` without a comment line above them.
pub(crate) fn unexplained_dependencies(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_dependencies = false;
    let mut explained = false;
    for line in text.lines().map(str::trim) {
        if let Some(table) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            let one = table.rsplit_once("dependencies.").map(|(_, name)| name);
            in_dependencies = table.ends_with("dependencies");
            found.extend(one.filter(|_| !explained).map(str::to_owned));
        } else if in_dependencies && let Some((name, _)) = line.split_once('=') {
            let is_name = |c: char| c.is_alphanumeric() || "-_.\" ".contains(c);
            if !explained && !line.starts_with('#') && name.chars().all(is_name) {
                found.push(name.trim().to_owned());
            }
        }
        explained = line.starts_with('#');
    }
    found
}

/// Whether a changelog has a place for what is not released yet.
pub(crate) fn has_unreleased_heading(changelog: &str) -> bool {
    let mut headings = changelog.lines().filter_map(|line| line.strip_prefix("## "));
    headings.any(|heading| heading.trim().trim_matches(['[', ']']) == "Unreleased")
}

/// Whether a text refers to a fixture, and does not just hold the word.
pub(crate) fn uses_fixture(text: &str, name: &str) -> bool {
    let forms = [
        format!("\"{name}\""),
        format!("`{name}`"),
        format!("%{name}"),
        format!("fixtures/{name}"),
        format!("{name}.wasm"),
    ];
    let listed = |line: &str| {
        let names = line.split_once("WITH: ").map(|(_, names)| names);
        names.is_some_and(|names| names.split_whitespace().any(|word| word == name))
    };
    forms.iter().any(|form| has_word(text, form)) || text.lines().any(listed)
}

/// Exit codes with their meanings, by number.
pub(crate) type ExitCodes = BTreeMap<u8, String>;

/// The exit codes in the rows `| 3 | meaning |` of a page; a row may name two: `130 / 143`.
pub(crate) fn documented_codes(page: &str) -> ExitCodes {
    let row = |line: &str| {
        let cells: Vec<&str> =
            line.trim().strip_prefix('|')?.strip_suffix('|')?.split('|').collect();
        let [codes, meaning] = cells.as_slice() else { return None };
        Some((numbers(codes)?, plain(meaning)))
    };
    page.lines().filter_map(row).flat_map(spread).collect()
}

/// The exit codes that the program prints: a number, then the meaning, which may go on in lines
/// that are indented further.
pub(crate) fn printed_codes(help: &str) -> ExitCodes {
    let mut rows: Vec<(Vec<u8>, String)> = Vec::new();
    let mut open = false;
    for line in help.lines() {
        let line = line.trim();
        let start = line.find(|c: char| c.is_alphabetic()).unwrap_or(line.len());
        match numbers(&line[..start]) {
            Some(codes) => rows.push((codes, plain(&line[start..]))),
            None if open && !line.is_empty() => {
                if let Some((_, meaning)) = rows.last_mut() {
                    *meaning = plain(&format!("{meaning} {line}"));
                }
            }
            None => {}
        }
        open = !line.is_empty() && !rows.is_empty();
    }
    rows.into_iter().flat_map(spread).collect()
}

fn numbers(text: &str) -> Option<Vec<u8>> {
    text.split(['/', ',']).map(|number| number.trim().parse().ok()).collect()
}

fn spread((codes, meaning): (Vec<u8>, String)) -> impl Iterator<Item = (u8, String)> {
    codes.into_iter().map(move |code| (code, meaning.clone()))
}

/// A text without mark-up, with single blanks.
fn plain(text: &str) -> String {
    text.replace('`', "").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The exit codes that a case of the command line expects.
pub(crate) fn expected_codes(case: &str) -> Vec<u8> {
    let code = |line: &str| line.trim().strip_prefix(";; FAIL(")?.split_once(')')?.0.parse().ok();
    case.lines().filter_map(code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_unfinished_work_are_found_anywhere_in_a_text() {
        let mark = UNFINISHED[0];
        assert_eq!(unfinished("a.md", &format!("one\n- {mark}: two")), [format!("a.md:2: {mark}")]);
        assert_eq!(unfinished("a.md", &format!("{mark}S, A{mark}, todo!()")), Vec::<String>::new());
    }

    #[test]
    fn macros_and_attributes_count_in_code_only() {
        for (text, fine) in [
            ("fn f() { todo!() }", false),
            ("fn f() { dbg!(x) }", false),
            ("#[ignore = \"slow\"]\nfn f() {}", false),
            ("// todo!() is not used\nlet x = \"dbg!(#[ignore])\";", true),
        ] {
            assert_eq!(unfinished("a.rs", text).is_empty(), fine, "{text}");
        }
    }

    #[test]
    fn folders_of_one_machine_are_found_and_parts_of_paths_are_not() {
        let [work, root] = MACHINE_PATHS;
        for (text, fine) in [
            (format!("see {work}x"), false),
            (format!("\"{root}x\""), false),
            (format!("home{work}x %tmp{root}x ..{work}"), true),
        ] {
            assert_eq!(machine_paths("a", &text).is_empty(), fine, "{text}");
        }
    }

    #[test]
    fn dependencies_without_a_reason_are_found() {
        let text = "\
[package]
name = \"x\"
[dependencies]
# Why.
a = \"1\"
b = { version = \"1\", features = [
  \"c\",
] }

# Why.
d.version = \"1\"
[target.'cfg(unix)'.dependencies]
e = \"1\"
[dependencies.f]
version = \"1\"
# Why.
[dev-dependencies.g]
version = \"1\"
[lints.rust]
h = \"deny\"
";
        assert_eq!(unexplained_dependencies(text), ["b", "e", "f"]);
    }

    #[test]
    fn a_changelog_needs_its_unreleased_heading() {
        assert!(has_unreleased_heading("# Changes\n\n## [Unreleased]\n"));
        assert!(has_unreleased_heading("## Unreleased\n"));
        assert!(!has_unreleased_heading("# Unreleased\n## 1.0.0\nUnreleased\n"));
    }

    #[test]
    fn a_fixture_is_used_where_it_is_meant() {
        for (text, used) in [
            (";; WITH: greeter everything", true),
            (";; RUN: inspect %everything", true),
            ("sandbox.fixture(\"everything\")", true),
            ("see `everything`", true),
            ("Everything, or everything else", false),
            ("\"everything-else\" %everything-else", false),
        ] {
            let text = text.replace("%everything-else", "");
            assert_eq!(uses_fixture(&text, "everything"), used, "{text}");
        }
    }

    #[test]
    fn both_tables_of_exit_codes_are_read_alike() {
        let page = "\
| Code | Meaning |
|---|---|
| 0 | done; the answer is yes |
| 3 | the input is not a `capsule` |
| 130 / 143 | ended by a signal |
| other | three | cells |
";
        let help = "\
Exit codes

    0         done; the answer is yes
    3         the input is not a
              capsule
    130, 143  ended by a signal

Where several capsules run, the worst end counts.
";
        let expected: ExitCodes = [
            (0, "done; the answer is yes"),
            (3, "the input is not a capsule"),
            (130, "ended by a signal"),
            (143, "ended by a signal"),
        ]
        .map(|(code, meaning)| (code, meaning.to_owned()))
        .into();
        assert_eq!(documented_codes(page), expected);
        assert_eq!(printed_codes(help), expected);
    }

    #[test]
    fn expected_exit_codes_are_read_from_cases() {
        assert_eq!(
            expected_codes(";; FAIL(9): a\n;; FAIL(3)[x]: b\n;; RUN: c\nFAIL(7): d"),
            [9, 3]
        );
    }
}
