//! Lines of at most [`WIDTH`] columns: labels, headings, and text broken between words.
//!
//! Nothing that a binary or manifest says reaches the screen without its control characters made
//! visible.

use std::borrow::Cow;
use std::fmt::Write as _;

use anstyle::Style;

use crate::report::number::grouped;

/// Columns that lines are broken at.
pub(super) const WIDTH: usize = 80;
/// Columns of a label and the space after it.
const LABEL: usize = 14;
/// Lines of one list on the screen; the rest is in the JSON form.
pub(super) const LINES_MAX: usize = 40;
/// Lines beside one label.
const ROWS_MAX: usize = 8;

const BOLD: Style = Style::new().bold();

#[derive(Default)]
pub(super) struct Screen {
    /// What is on it so far.
    pub(super) text: String,
}

impl Screen {
    pub(super) fn line(&mut self) {
        self.text.push('\n');
    }

    pub(super) fn styled(&mut self, style: Style, text: &str) {
        let _ = write!(self.text, "{style}{}{style:#}", visible(text));
    }

    pub(super) fn wrap(&mut self, column: usize, indent: usize, text: &str) {
        wrap(&mut self.text, column, indent, text);
    }

    pub(super) fn row(&mut self, label: &str, value: &str) {
        let _ = write!(
            self.text,
            "{BOLD}{label}{BOLD:#}{:1$}",
            "",
            LABEL.saturating_sub(label.len()).max(1)
        );
        self.wrap(LABEL, LABEL, value);
        self.line();
    }

    /// A label before the first of several lines; nothing when there is none.
    pub(super) fn rows(&mut self, label: &str, values: &[String]) {
        for (index, value) in values.iter().take(ROWS_MAX).enumerate() {
            self.row(if index == 0 { label } else { "" }, value);
        }
        if values.len() > ROWS_MAX {
            self.row("", &format!("and {} more", grouped((values.len() - ROWS_MAX) as u64)));
        }
    }

    pub(super) fn heading(&mut self, label: &str, value: Option<&str>) {
        match value {
            Some(value) => self.row(label, value),
            None => {
                self.styled(BOLD, label);
                self.line();
            }
        }
    }

    /// Says how many of `count` listed things are beyond the screen, and that others were left out.
    pub(super) fn more(&mut self, count: usize, omitted: usize, noun: &str) {
        let more = count.saturating_sub(LINES_MAX) + omitted;
        if more > 0 {
            let _ = writeln!(self.text, "  and {} more {noun}", grouped(more as u64));
        }
    }
}

/// The same text in one piece for [`wrap`].
pub(super) fn unbroken(text: &str) -> String {
    text.replace(' ', "\u{a0}")
}

/// `text` broken between words at [`WIDTH`], for the place after `indent` columns.
pub(in crate::report) fn wrapped(indent: usize, text: &str) -> String {
    let mut out = String::new();
    wrap(&mut out, indent, indent, text);
    out
}

/// Appends `text`, broken between words at [`WIDTH`]; the first line starts at `column`.
pub(super) fn wrap(out: &mut String, mut column: usize, indent: usize, text: &str) {
    let text = visible(text);
    for (index, word) in text.split(' ').enumerate() {
        let length = word.chars().count();
        if index > 0 {
            if column + 1 + length > WIDTH {
                let _ = write!(out, "\n{:indent$}", "");
                column = indent;
            } else {
                out.push(' ');
                column += 1;
            }
        }
        out.extend(word.chars().map(|c| if c == '\u{a0}' { ' ' } else { c }));
        column += length;
    }
}

/// `text` with control characters and direction marks written out.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    let bad = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    if !text.contains(bad) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match bad(c) {
            true => shown.extend(c.escape_unicode()),
            false => shown.push(c),
        }
    }
    Cow::Owned(shown)
}
