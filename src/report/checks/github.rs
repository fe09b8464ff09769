//! Workflow commands that GitHub Actions turns into annotations.
//!
//! The service shows ten of each level for a step and drops the rest without a word, so no more are
//! written, and a last line counts what is missing.

use std::fmt::Write as _;

use super::{Checks, Finding, counted};
use crate::rules::Level;

/// Annotations of one level that the service shows for one step.
pub const ANNOTATIONS_MAX: usize = 10;

pub(super) fn render(checks: &Checks) -> String {
    let mut text = String::new();
    let mut left_out = checks.omitted();
    for level in [Level::Error, Level::Warning, Level::Info] {
        let findings = checks.findings().filter(|finding| finding.level == level);
        for (index, finding) in findings.enumerate() {
            if index < ANNOTATIONS_MAX {
                annotation(&mut text, finding);
            } else {
                left_out += 1;
            }
        }
    }
    if left_out > 0 {
        let more = counted(left_out, "more finding");
        let _ = writeln!(text, "{more}: capsule {} lists them all", checks.command);
    }
    text
}

fn annotation(text: &mut String, finding: &Finding) {
    let command = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Info => "notice",
    };
    let place = &finding.place;
    let _ = write!(text, "::{command} file={}", property(&place.file));
    for (name, number) in [("line", place.line), ("col", place.column)] {
        if let Some(number) = number {
            let _ = write!(text, ",{name}={number}");
        }
    }
    let _ = write!(text, ",title={}::", property(finding.rule.id));
    let at = match &place.bytes {
        Some(bytes) => format!(" (byte {})", bytes.start),
        None => String::new(),
    };
    let message = format!("{}{at}\nhelp: {}", finding.message, finding.help);
    text.push_str(&data(&message));
    text.push('\n');
}

/// What follows the second pair of colons: one line, whatever it holds.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property, which ends at a comma or a colon.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
