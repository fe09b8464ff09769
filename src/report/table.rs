//! Rows and columns, and how an error or a foreign name fits into one line.

use std::borrow::Cow;
use std::error::Error;

/// Blanks between two columns.
const GAP: &str = "  ";

/// Rows of cells as aligned columns, one line each; the last cell of a row is not padded.
pub fn columns(rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        for (index, cell) in row.iter().enumerate() {
            let width = cell.chars().count();
            match widths.get_mut(index) {
                Some(widest) => *widest = width.max(*widest),
                None => widths.push(width),
            }
        }
    }
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let missing = width - cell.chars().count();
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', missing));
            line.push_str(GAP);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Foreign text as the content of one cell: control characters are made visible, line breaks
/// included, and so are those that turn the direction of text.
pub fn cell(text: &str) -> Cow<'_, str> {
    let bad = |letter: char| {
        let turns = matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        turns || letter.is_control()
    };
    if !text.contains(bad) {
        return Cow::Borrowed(text);
    }
    let show = |letter: char| match bad(letter) {
        true => letter.escape_default().to_string(),
        false => letter.to_string(),
    };
    Cow::Owned(text.chars().map(show).collect())
}

/// An error and all that led to it, in one line.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        // Many an error ends with what caused it.
        if !parts.last().is_some_and(|last| last.ends_with(&text)) {
            parts.push(text);
        }
        next = error.source();
    }
    parts.join(": ")
}

/// The start of a digest: enough to compare with at a glance.
pub fn short_hash(hash: &str) -> String {
    const DIGITS: usize = 12;
    match hash.char_indices().nth(DIGITS) {
        Some((end, _)) => format!("{}…", &hash[..end]),
        None => hash.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["a", "b"], ["long", ""], ["é", "c"]];
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|&cell| cell.to_owned()).collect()).collect();
        assert_eq!(columns(&rows), "a     b\nlong\né     c\n");
    }

    #[test]
    fn a_cell_is_one_line_whatever_its_text() {
        assert_eq!(cell("a\nb\u{1b}[2J"), "a\\nb\\u{1b}[2J");
        assert_eq!(cell("evil\u{202e}txt"), "evil\\u{202e}txt");
        assert_eq!(cell("plain ä"), "plain ä");
    }

    #[test]
    fn a_short_hash_is_never_longer_than_the_hash() {
        assert_eq!(short_hash("0123456789abcdef"), "0123456789ab…");
        assert_eq!(short_hash("é"), "é");
    }
}
