//! A summary in Markdown, as a job or a pull request shows it.

use std::fmt::Write as _;

use super::{Checks, Subject, counted};
use crate::rules::Level;

/// Findings in the table of one subject: what somebody reads in a summary.
const ROWS_MAX: usize = 50;

pub(super) fn render(checks: &Checks) -> String {
    let mut text = String::new();
    for subject in &checks.subjects {
        let verdict = match subject.findings.iter().any(|it| it.level >= checks.fails_at) {
            true => "failed",
            false => "passed",
        };
        let command = checks.command;
        let _ = writeln!(text, "### capsule {command}: {} {verdict}\n", inline(&subject.name));
        table(&mut text, subject);
    }
    text
}

fn table(text: &mut String, subject: &Subject) {
    if subject.findings.is_empty() {
        text.push_str("No findings.\n\n");
        return;
    }
    let count = |level| subject.findings.iter().filter(|it| it.level == level).count();
    let counts = [(Level::Error, "error"), (Level::Warning, "warning"), (Level::Info, "note")]
        .map(|(level, noun)| counted(count(level), noun));
    let _ = writeln!(text, "{}\n", counts.join(", "));
    text.push_str("| level | finding | where | what | what to do |\n|---|---|---|---|---|\n");
    for finding in subject.findings.iter().take(ROWS_MAX) {
        let place = &finding.place;
        let place = match (place.line, &place.bytes) {
            (Some(line), _) => format!("{}:{line}", place.file),
            (None, Some(bytes)) => format!("{}, byte {}", place.file, bytes.start),
            (None, None) => place.file.clone(),
        };
        let cells =
            [finding.level.name(), finding.rule.id, &place, &finding.message, &finding.help];
        let _ = writeln!(text, "| {} |", cells.map(inline).join(" | "));
    }
    let more = subject.findings.len().saturating_sub(ROWS_MAX) + subject.omitted;
    if more > 0 {
        let _ = writeln!(text, "\nand {}", counted(more, "more finding"));
    }
    text.push('\n');
}

/// Text as text within a cell: nothing in it is a mark of Markdown or a tag of HTML.
///
/// Code between backticks stays code.
fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '|' | '\\' | '*' | '_' | '[' | ']' | '#' | '~' | '!' | '@' => out.extend(['\\', c]),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\n' => out.push_str("<br>"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
