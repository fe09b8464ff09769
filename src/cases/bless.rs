//! Writing down what is so.
//!
//! Only values change that an author wrote as exact ones; everything between them, comments included,
//! stays as it is. What only an author can mean is left alone: patterns, parts, and what has to be
//! absent.

use std::ops::Range;

use super::compare::Mismatch;
use super::read;

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blessed {
    /// The new text.
    pub text: String,
    /// How many values are different in it.
    pub changed: usize,
    /// How many mismatches are left for the author.
    pub left: usize,
}

/// The text of a file with what is so in the places of what was expected.
pub fn bless<'a>(text: &str, mismatches: impl IntoIterator<Item = &'a Mismatch>) -> Blessed {
    let mut changes = Vec::new();
    let mut left = 0;
    for mismatch in mismatches {
        match &mismatch.right {
            Some((span, right)) if is_value(text, span) => changes.push((span, right.as_str())),
            _ => left += 1,
        }
    }
    changes.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let mut blessed = Blessed { text: text.to_owned(), changed: 0, left };
    // From the end on, so that the places of the others stay where they are.
    for (span, right) in changes {
        let mut new = blessed.text.clone();
        new.replace_range(span.clone(), right);
        // Whatever was written, the file has to be one of cases still.
        if read::cases(&new).is_ok() {
            blessed.text = new;
            blessed.changed += 1;
        } else {
            blessed.left += 1;
        }
    }
    blessed
}

/// Whether a value stands there as such. One that is spread over dotted keys, or below a header, has
/// its place at the first of them.
fn is_value(text: &str, span: &Range<usize>) -> bool {
    let Some(part) = text.get(span.clone()) else { return false };
    let behind = text[span.end..].trim_start_matches([' ', '\t']);
    let parses = format!("x = {part}").parse::<toml::Table>().is_ok();
    parses && !behind.starts_with(['.', '='])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_change_and_everything_around_them_stays() {
        let text = "# first\n[[case]]\nname = \"a\" # why\n[case.given]\naction = \"b\"\n\
                    [case.expect]\ndata = { a = 1 } # the data\noutcome = 'deny'\n";
        let span = |part: &str| {
            let start = text.find(part).expect("it is there");
            start..start + part.len()
        };
        let mismatch = |right| Mismatch { right, ..Mismatch::default() };
        let mismatches = [
            mismatch(Some((span("{ a = 1 }"), "[1, 2]".to_owned()))),
            mismatch(None),
            mismatch(Some((span("'deny'"), "\"final\"".to_owned()))),
        ];
        let blessed = bless(text, &mismatches);
        let expected = text.replace("{ a = 1 }", "[1, 2]").replace("'deny'", "\"final\"");
        assert_eq!(blessed, Blessed { text: expected, changed: 2, left: 1 });

        // A name is no value, in whichever way it is written.
        let dotted = "[[case]]\nname = \"a\"\n[case.given]\naction = \"b\"\n\
                      [case.expect.kv]\n'n'.value = 1\n[case.expect.data]\na = 1\n";
        for part in ["'n'", "[case.expect.data]", "data"] {
            let start = dotted.find(part).expect("it is there");
            let spread = [mismatch(Some((start..start + part.len(), "2".to_owned())))];
            assert_eq!(bless(dotted, &spread).left, 1, "{part}");
        }

        let broken = [mismatch(Some((span("'deny'"), "\"no outcome\"".to_owned())))];
        assert_eq!(bless(text, &broken), Blessed { text: text.to_owned(), changed: 0, left: 1 });
    }
}
