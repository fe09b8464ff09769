//! Writing down what is so.
//!
//! Only values change that an author wrote as exact ones; everything between them, comments included,
//! stays as it is. What only an author can mean is left alone: patterns, parts, and what has to be
//! absent.

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
            Some((span, right)) => changes.push((span.clone(), right.as_str())),
            None => left += 1,
        }
    }
    changes.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let mut new = text.to_owned();
    for (span, right) in &changes {
        new.replace_range(span.clone(), right);
    }
    // Whatever was written, the file has to be one of cases still.
    if read::cases(&new).is_err() {
        return Blessed { text: text.to_owned(), changed: 0, left: left + changes.len() };
    }
    Blessed { text: new, changed: changes.len(), left }
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

        let broken = [mismatch(Some((span("'deny'"), "\"no outcome\"".to_owned())))];
        assert_eq!(bless(text, &broken), Blessed { text: text.to_owned(), changed: 0, left: 1 });
    }
}
