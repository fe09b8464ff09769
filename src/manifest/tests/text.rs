//! Texts that are no manifest, and how problems look.

use std::fmt::Write as _;

use super::super::*;
use super::{BASE, check, found, parsed};

#[test]
fn all_problems_are_reported_at_once_and_in_order() {
    let text = "[package]\nname = \"B\"\nversion = \"1\"\n[publish]\n\"a..b\" = 1\n[env]\nx = 1\n";
    let expected = "no-component@1 capsule-id@2 package-version@3 topic-segment@5 topic-entry@5 \
                    wrong-type@7";
    assert_eq!(found(text, &ParseOptions::default()), expected);
}

#[test]
fn a_text_that_is_not_toml_is_an_error_with_a_place() {
    let syntax = |text: &str| found(text, &ParseOptions::default());
    assert_eq!(syntax("a = 1\na = 2\n"), "syntax@2");
    assert_eq!(syntax("a = [\nb = ]\n"), "syntax@2");
    assert_eq!(syntax("a = 1x\nb = 2\nc = 3y\n"), "syntax@1 syntax@3");
    let deep = format!("x = {}", "[".repeat(100_000));
    assert!(parsed(&deep).manifest.is_none());
    let bytes = parse_bytes(b"a = \"\xff\"", &ParseOptions::default());
    assert_eq!((bytes.manifest, bytes.problems[0].code), (None, "not-utf8"));
}

#[test]
fn a_long_text_with_many_syntax_errors_gives_the_first() {
    let text = "a = 1x\n".repeat(20_000);
    assert_eq!(found(&text, &ParseOptions::default()), "syntax@1");
}

#[test]
fn what_is_too_large_is_refused() {
    let bytes = usize::try_from(crate::limits::MANIFEST_BYTES_MAX).expect("fits");
    assert_eq!(found(&"#".repeat(bytes + 1), &ParseOptions::default()), "too-large");
    let mut hosts = String::new();
    for index in 0..=4096 {
        let _ = write!(hosts, "\"h{index}\",");
    }
    check(&[
        &format!("[capabilities]\nnet = [{hosts}] => too-many-entries@7"),
        &format!("[capabilities]\nkv = [\"x\"]\nnet = [{}] =>", hosts.replacen("\"h0\",", "", 1)),
        &format!("[publish]\n{} => too-many-entries@6", hosts.replace(',', " = \"o\"\n")),
    ]);
}

#[test]
fn toml_that_only_newer_readers_take_is_named() {
    check(&[
        "[env]\na = {\n type = \"text\" } => newer-toml@7",
        "[env]\na = { type = \"text\", } => newer-toml@7",
        "[env]\na = { type = \"text\", default = [\n1, 2,\n] } =>",
        "[env]\na = { type = \"text\", default.x.y = [\n1, 2,\n] } =>",
    ]);
}

#[test]
fn a_flood_of_problems_is_counted_not_listed() {
    let mut text = BASE.to_owned();
    for index in 0..2 * PROBLEMS_MAX {
        let _ = writeln!(text, "[unknown{index}]");
    }
    let warned = parsed(&text);
    assert_eq!(warned.problems.len(), PROBLEMS_MAX + 1);
    assert_eq!(warned.problems[PROBLEMS_MAX].code, "too-many-problems");
    assert!(warned.manifest.is_some());
    text.push_str("[env]\nx = 1\n");
    assert_eq!(parsed(&text).manifest, None, "an error beyond the list still counts");
}

#[test]
fn a_problem_is_rendered_with_its_line_and_a_caret() {
    let text = format!("{BASE}[capabilities]\r\n\tfs_reads = []\r\n");
    let problem = &parsed(&text).problems[0];
    assert_eq!(
        render(problem, "Capsule.toml", &text),
        "Capsule.toml:7:2: warning[unknown-key]: unknown key capabilities.fs_reads: nothing reads \
         it\n  |\n7 |  fs_reads = []\n  |  ^^^^^^^^\n  = help: did you mean `fs_read`?"
    );
    let file = Problem { span: None, help: None, ..problem.clone() };
    assert!(render(&file, "C\u{1b}", "").starts_with("C\u{fffd}: warning[unknown-key]: "));
}

#[test]
fn an_excerpt_of_a_long_hostile_line_is_short_and_printable() {
    let text = format!("x = [{} \"\u{202e}é\", 1]", "1, ".repeat(1000));
    let start = text.find('é').expect("there");
    let problem = Problem { span: Some(start..text.len()), ..parsed(&text).problems[0].clone() };
    let rendered = render(&problem, "f", &text);
    assert!(rendered.lines().all(|line| line.chars().count() < 200), "{rendered}");
    assert!(!rendered.contains('\u{202e}'), "{rendered}");
    let lines: Vec<&str> = rendered.lines().collect();
    let caret = lines[3].chars().position(|c| c == '^').expect("a caret");
    assert_eq!(lines[2].chars().nth(caret), Some('é'), "{rendered}");
}

#[test]
fn positions_count_characters() {
    let source = Source::new("a\né b\n");
    assert_eq!(source.position(0), Position { line: 1, column: 1 });
    assert_eq!(source.position(3), Position { line: 2, column: 1 });
    assert_eq!(source.position(5), Position { line: 2, column: 3 });
    assert_eq!(source.position(99), Position { line: 3, column: 1 });
    assert_eq!((source.line_text(2), source.line_text(0), source.line_text(9)), ("é b", "", ""));
}
