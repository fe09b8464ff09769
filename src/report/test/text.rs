//! The run of cases as lines for people.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::{CaseReport, TestReport};
use crate::report::number::{grouped, time};
use crate::report::table::cell;

const PASS: Style = AnsiColor::Green.on_default().bold();
const FAIL: Style = AnsiColor::Red.on_default().bold();
const FAINT: Style = Style::new().dimmed();

/// Columns before what belongs to a case.
const INDENT: &str = "      ";

impl CaseReport {
    /// A line, and what is wrong below it.
    pub fn text(&self) -> String {
        let (style, word) = match self.status {
            "passed" => (PASS, "PASS"),
            "failed" => (FAIL, "FAIL"),
            "broken" => (FAIL, "FAIL"),
            _ => (FAINT, "SKIP"),
        };
        let mut text = format!("{style}{word}{style:#}  {}", cell(&self.name));
        if self.status != "not-run" {
            let _ = write!(text, "  {FAINT}{}", time(self.took));
            if let Some(call) = &self.call {
                let _ = write!(text, " ({} fuel)", grouped(call.fuel.call));
            }
            let _ = write!(text, "{FAINT:#}");
        }
        text.push('\n');
        if self.failed() {
            self.details(&mut text);
        }
        text
    }

    fn details(&self, text: &mut String) {
        let _ = writeln!(text, "{INDENT}{FAINT}at {}:{}{FAINT:#}", cell(&self.file), self.line);
        if let Some(problem) = &self.problem {
            let _ = writeln!(text, "{INDENT}it could not be run: {}", cell(problem));
        }
        for it in &self.mismatches {
            let place = it.line.map(|line| format!(" (line {line})")).unwrap_or_default();
            let _ = writeln!(text, "{INDENT}{}{FAINT}{place}{FAINT:#}", cell(&it.what));
            side(text, "expected", PASS, &it.expected);
            side(text, "actual  ", FAIL, &it.actual);
            if let Some(replay) = &it.replay {
                let _ = writeln!(text, "{INDENT}  {FAINT}play it{FAINT:#}   {}", cell(replay));
            }
        }
        for asked in &self.unanswered {
            let _ = writeln!(text, "{INDENT}the case has no answer to {}", cell(asked));
        }
        for line in &self.log {
            let _ = writeln!(text, "{INDENT}{FAINT}log{FAINT:#} {}", cell(line));
        }
    }
}

/// One side of a mismatch; further lines stand below the first.
fn side(text: &mut String, label: &str, style: Style, value: &str) {
    for (at, line) in value.lines().chain(value.is_empty().then_some("")).enumerate() {
        let label = if at == 0 { label } else { "        " };
        let _ = writeln!(text, "{INDENT}  {style}{label}{style:#}  {}", cell(line));
    }
}

impl TestReport {
    /// The last line, and the failed cases again if there is much above it.
    pub fn summary(&self) -> String {
        let mut text = String::new();
        if self.failed > 0 && self.cases.len() > 10 {
            text.push('\n');
            for case in self.cases.iter().filter(|case| case.failed()) {
                let _ = writeln!(text, "{FAIL}FAIL{FAIL:#}  {}", cell(&case.name));
            }
        }
        let run = self.passed + self.failed;
        let noun = if run == 1 { "case" } else { "cases" };
        let _ = write!(text, "\n{run} {noun} in {}: {} passed", time(self.took), self.passed);
        for (count, word) in
            [(self.failed, "failed"), (self.not_run, "not run"), (self.left_out, "left out")]
        {
            if count > 0 {
                let _ = write!(text, ", {count} {word}");
            }
        }
        text.push('\n');
        text
    }
}
