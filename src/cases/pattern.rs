//! Texts in which `*` stands for any text.

/// A text in which `*` stands for any text, also for none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// The pattern as it is written.
    pub fn new(text: impl Into<String>) -> Pattern {
        Pattern(text.into())
    }

    /// The pattern as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the only star stands for in `text`, if `text` looks like this; nothing where there is no
    /// star, or several.
    pub fn starred<'t>(&self, text: &'t str) -> Option<&'t str> {
        if !self.matches(text) {
            return None;
        }
        match self.0.split_once('*') {
            Some((before, after)) if !after.contains('*') => {
                Some(&text[before.len()..text.len() - after.len()])
            }
            _ => Some(""),
        }
    }

    /// How many stars there are.
    pub fn stars(&self) -> usize {
        self.0.matches('*').count()
    }

    /// Whether the whole of `text` looks like this. Takes time in proportion to the text for each
    /// star at most.
    pub fn matches(&self, text: &str) -> bool {
        let mut pieces = self.0.split('*');
        let first = pieces.next().unwrap_or_default();
        let Some(mut rest) = text.strip_prefix(first) else { return false };
        let Some(last) = pieces.next_back() else { return rest.is_empty() };
        for piece in pieces {
            match rest.find(piece) {
                Some(at) => rest = &rest[at + piece.len()..],
                None => return false,
            }
        }
        rest.ends_with(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        let check = |pattern: &str, text, fits| {
            assert_eq!(Pattern::new(pattern).matches(text), fits, "{pattern} {text}");
        };
        check("abc", "abc", true);
        check("abc", "abcd", false);
        check("a*c", "abbc", true);
        check("a*c", "ac", true);
        check("a*a", "a", false);
        check("*b*", "abc", true);
        check("*b*c*", "acb", false);
        check("", "", true);
        check("*", "", true);
        check("no topic*é", "no topic is né", true);
    }

    #[test]
    fn the_only_star_stands_for_something() {
        let check = |pattern: &str, text, expected| {
            assert_eq!(Pattern::new(pattern).starred(text), expected, "{pattern} {text}");
        };
        check("a.*.c", "a.b.c", Some("b"));
        check("a.*", "a.", Some(""));
        check("a", "a", Some(""));
        check("*.*", "a.b", Some(""));
        check("a.*", "b.c", None);
    }
}
