//! What holds for any text.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::super::*;
use super::{FULL, parsed};

const KEYS: &[&str] = &[
    "package",
    "package.name",
    "component",
    "imports.a.b",
    "publish.a",
    "subscribe.\"*.*\"",
    "subscribe.x.priority",
    "capabilities",
    "capabilities.net",
    "capabilities.fs_read",
    "env.x",
    "env.x.default",
    "interceptor",
    "topic",
    "uplink",
    "tool",
    "\"é.\\u0000\"",
];

const VALUES: &[&str] = &[
    "1",
    "-1",
    "0xffffffffffffffffffffff",
    "1e999",
    "nan",
    "true",
    "\"\"",
    "\"*.A:é\"",
    "[]",
    "[1, \"a\", {}]",
    "{ a = {\n} }",
    "[[], [{}]]",
    "2024-01-01",
    "{ event = \"\", name = \"\\u202e\" }",
    "[\"/tmp\", \"~\", \"://\", \":\"]",
];

/// Parses, and renders whatever is found; checks what always holds.
fn survives(text: &str) -> Result<(), TestCaseError> {
    let parsed = parsed(text);
    let errors = parsed.at(Level::Error).count();
    prop_assert_eq!(parsed.manifest.is_none(), errors > 0);
    let source = Source::new(text);
    for problem in &parsed.problems {
        prop_assert!(crate::rules::manifest::RULES.iter().any(|rule| rule.id == problem.code));
        let rendered = source.render(problem, "Capsule.toml");
        prop_assert!(!rendered.contains(|c: char| c.is_control() && c != '\n'), "{}", rendered);
        prop_assert!(!problem.message.contains('\n'));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_is_survived(text in any::<String>()) {
        survives(&text)?;
    }

    #[test]
    fn arbitrary_bytes_are_survived(bytes in any::<Vec<u8>>()) {
        let parsed = parse_bytes(&bytes, &ParseOptions::default());
        prop_assert!(parsed.manifest.is_none());
    }

    #[test]
    fn mutated_manifests_are_survived(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0usize..4, ".{0,3}"), 1..6),
    ) {
        let mut chars: Vec<char> = FULL.chars().collect();
        for (index, cut, insert) in edits {
            let at = index.index(chars.len());
            chars.splice(at..chars.len().min(at + cut), insert.chars());
        }
        survives(&chars.into_iter().collect::<String>())?;
    }

    #[test]
    fn values_of_any_type_under_any_key_are_survived(
        lines in prop::collection::vec(
            (prop::sample::select(KEYS), prop::sample::select(VALUES)),
            0..8,
        ),
    ) {
        let mut text = String::new();
        for (key, value) in lines {
            let _ = writeln!(text, "{key} = {value}");
        }
        survives(&text)?;
    }

    #[test]
    fn spans_outside_of_the_text_are_rendered(text in any::<String>(), start: u8, length: u8) {
        let start = usize::from(start);
        let span = Some(start..start + usize::from(length));
        for problem in parsed("x").problems {
            let problem = Problem { span: span.clone(), ..problem };
            prop_assert!(!render(&problem, "f", &text).is_empty());
        }
    }
}
