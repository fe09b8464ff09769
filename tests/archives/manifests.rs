//! Hostile manifests, which arrive in archives that nothing else is wrong with.

use std::fmt::Write as _;

use super::corpus::MANIFEST;

/// Name, text, and what is said when it is refused.
pub(crate) fn cases() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let mut cases: Vec<(&'static str, Vec<u8>, &'static str)> =
        texts().into_iter().map(|(name, text, reason)| (name, text.into_bytes(), reason)).collect();
    cases.push(("not-text", b"[package]\nname = \"\xff\"".to_vec(), "[not-utf8]"));
    cases.push(("utf-16", b"\xff\xfe[\0p\0".to_vec(), "[not-utf8]"));
    cases.push(("huge", vec![b'#'; (1 << 20) + 1], "larger than 1048576 bytes"));
    cases
}

fn texts() -> Vec<(&'static str, String, &'static str)> {
    let id = |id: &str| MANIFEST.replace("\"a\"", &format!("{id:?}"));
    let path = |path: &str| MANIFEST.replace("\"a.wasm\"", &format!("{path:?}"));
    let more = |text: &str| format!("{MANIFEST}{text}\n");
    let mut many = format!("{MANIFEST}[publish]\n");
    for n in 0..20_000 {
        let _ = writeln!(many, "\"a.b{n}\" = \"opaque\"");
    }
    vec![
        ("empty", String::new(), "[missing-field]"),
        ("cut-short", MANIFEST[..18].to_owned(), "[syntax]"),
        ("nested", format!("a = {}", "[".repeat(5000)), "[syntax]"),
        ("nul", more("\0"), "[syntax]"),
        ("id-leads-out", id("../../x"), "[capsule-id]"),
        ("id-empty", id(""), "[capsule-id]"),
        ("id-upper-case", id("Notes"), "[capsule-id]"),
        ("id-look-alike", id("nоtes"), "[capsule-id]"),
        ("version-short", MANIFEST.replace("1.0.0", "1.0"), "[package-version]"),
        ("version-huge", MANIFEST.replace("1.0.0", &"9".repeat(40)), "[package-version]"),
        ("file-leads-out", path("../a.wasm"), "[component-file]"),
        ("file-absolute", path("/etc/passwd"), "[component-file]"),
        ("file-empty", path(""), "[component-file]"),
        ("topic-empty", more("[publish]\n\"a..b\" = \"opaque\""), "[topic-segment]"),
        ("topic-number", more("[publish]\n\"a.b\" = 1"), "[topic-entry]"),
        (
            "handler-number",
            more("[subscribe]\n\"a\" = { wit = \"x\", handler = 1 }"),
            "[wrong-type]",
        ),
        ("import-name", more("[imports]\n\"../x:y\" = \"^1\""), "[link-name]"),
        ("import-version", more("[imports]\n\"a:b\" = \"soon\""), "[link-version]"),
        ("capability-number", more("[capabilities]\nnet = 1"), "[wrong-type]"),
        (
            "runtime",
            MANIFEST.replace("1.0.0\"", "1.0.0\"\nastrid-version = \">=99\""),
            "[runtime-unsatisfied]",
        ),
        ("many-topics", many, "[too-many-entries]"),
    ]
}
