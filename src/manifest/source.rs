//! From byte offsets to lines, columns and excerpts.
//!
//! A manifest comes from a stranger, so whatever of it is shown has its control characters and
//! direction marks replaced, and long lines are cut around the place in question.

use std::fmt::Write as _;
use std::ops::Range;

use super::problem::Problem;

/// Characters of a source line that an excerpt shows.
const EXCERPT_CHARS_MAX: usize = 120;
/// Characters left of the offending place in a line that had to be cut.
const EXCERPT_LEAD_CHARS: usize = 40;
/// Characters of a value that a message repeats.
const SHOWN_CHARS_MAX: usize = 60;

/// A place in a text, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// A text with an index of its lines.
#[derive(Debug, Clone)]
pub struct Source<'t> {
    text: &'t str,
    line_starts: Vec<usize>,
}

impl<'t> Source<'t> {
    /// Indexes `text`.
    pub fn new(text: &'t str) -> Self {
        let after_breaks =
            text.bytes().enumerate().filter(|&(_, b)| b == b'\n').map(|(i, _)| i + 1);
        Self { text, line_starts: std::iter::once(0).chain(after_breaks).collect() }
    }

    /// The line of a byte offset, from 1. An offset past the end is on the last line.
    pub fn line(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|&start| start <= offset)
    }

    /// The position of a byte offset; one inside a character or past the end is moved back.
    pub fn position(&self, offset: usize) -> Position {
        let offset = self.floor(offset);
        let line = self.line(offset);
        let before = &self.text[self.line_starts[line - 1]..offset];
        Position { line, column: before.chars().count() + 1 }
    }

    /// The text of a line, from 1, without its line break; empty when there is no such line.
    pub fn line_text(&self, line: usize) -> &'t str {
        self.snippet(&self.line_span(line))
    }

    /// The bytes of a line, from 1, without its line break; empty when there is no such line.
    pub fn line_span(&self, line: usize) -> Range<usize> {
        let Some(&start) = line.checked_sub(1).and_then(|index| self.line_starts.get(index)) else {
            return self.text.len()..self.text.len();
        };
        let end = self.line_starts.get(line).copied().unwrap_or(self.text.len());
        start..start + self.text[start..end].trim_end_matches(['\n', '\r']).len()
    }

    /// The text under a span, as far as it exists.
    pub fn snippet(&self, span: &Range<usize>) -> &'t str {
        let start = self.floor(span.start);
        &self.text[start..self.floor(span.end).max(start)]
    }

    /// One problem as text for people: place, level, code, message, excerpt and help, without a
    /// final line break.
    pub fn render(&self, problem: &Problem, file: &str) -> String {
        let head = format!("{}[{}]: {}", problem.level.name(), problem.code, problem.message);
        let file: String = file.chars().map(printable).collect();
        let mut out = String::new();
        let gutter = match &problem.span {
            Some(span) => self.render_place(&mut out, &file, &head, span),
            None => {
                out = format!("{file}: {head}");
                1
            }
        };
        for (index, line) in problem.help.iter().flat_map(|help| help.lines()).enumerate() {
            let lead = if index == 0 { "= help:" } else { "       " };
            // Writing to a string cannot fail.
            let _ = write!(out, "\n{:gutter$} {lead} {line}", "");
        }
        out
    }

    fn render_place(&self, out: &mut String, file: &str, head: &str, span: &Range<usize>) -> usize {
        let at = self.position(span.start);
        let (excerpt, caret) = self.excerpt(at, span);
        let number = at.line.to_string();
        let gutter = number.len();
        let _ = write!(out, "{file}:{}:{}: {head}", at.line, at.column);
        let _ = write!(out, "\n{:gutter$} |\n{number} | {excerpt}\n{:gutter$} | {caret}", "", "");
        gutter
    }

    /// The line at `at`, cut to a window, and the markers below it.
    fn excerpt(&self, at: Position, span: &Range<usize>) -> (String, String) {
        let line = self.line_text(at.line);
        let length = line.chars().count();
        let before = at.column - 1;
        let skip =
            if length > EXCERPT_CHARS_MAX { before.saturating_sub(EXCERPT_LEAD_CHARS) } else { 0 };
        let shown: String =
            line.chars().skip(skip).take(EXCERPT_CHARS_MAX).map(printable).collect();
        let on_line = self.snippet(span).lines().next().unwrap_or("").chars().count();
        let room = EXCERPT_CHARS_MAX.min(length.saturating_sub(skip)).saturating_sub(before - skip);
        let marks = "^".repeat(on_line.min(room).max(1));
        let (left, right) = (
            if skip > 0 { "..." } else { "" },
            if length - skip.min(length) > EXCERPT_CHARS_MAX { "..." } else { "" },
        );
        let pad = " ".repeat(left.len() + before - skip);
        (format!("{left}{shown}{right}"), format!("{pad}{marks}"))
    }

    fn floor(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

/// One problem of the manifest `text` in `file` as text for people; see [`Source::render`], which
/// is the cheaper way for many of them.
pub fn render(problem: &Problem, file: &str, text: &str) -> String {
    Source::new(text).render(problem, file)
}

/// `text` as a TOML string in double quotes, nothing in it unprintable.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            _ if printable(c) == c => out.push(c),
            // Every code point fits one of TOML's two escapes.
            _ if u32::from(c) <= 0xffff => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            _ => {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
        }
    }
    out.push('"');
    out
}

/// `text` quoted for a message, shortened when it is long.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((cut, _)) => format!("{}...", quote(&text[..cut])),
        None => quote(text),
    }
}

/// The character itself, or a stand-in for one that a terminal would act on.
pub(super) fn printable(c: char) -> char {
    match c {
        '\t' => ' ',
        '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}' => char::REPLACEMENT_CHARACTER,
        _ if c.is_control() => char::REPLACEMENT_CHARACTER,
        _ => c,
    }
}
