//! Capability names and the patterns that stand for them.
//!
//! A capability is one or more segments of ASCII letters, digits, `-` and `_`, joined by `:`. In a
//! pattern a segment may be `*`: in last place it stands for one or more segments, elsewhere for
//! exactly one. The pattern `*` alone stands for every capability.

use std::fmt;

use crate::limits::CAPABILITY_BYTES_MAX;

/// A pattern that stands for everything.
pub const UNIVERSAL: &str = "*";

/// A text that follows the capability grammar, asked for as a capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Capability<'a>(&'a str);

impl<'a> Capability<'a> {
    /// Checks the grammar.
    pub fn parse(text: &'a str) -> Result<Capability<'a>, CapabilityError> {
        check(text)?;
        Ok(Capability(text))
    }

    /// The capability as written.
    pub fn as_str(self) -> &'a str {
        self.0
    }
}

impl fmt::Display for Capability<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A text that follows the capability grammar, held as a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pattern<'a>(&'a str);

impl<'a> Pattern<'a> {
    /// Checks the grammar.
    pub fn parse(text: &'a str) -> Result<Pattern<'a>, CapabilityError> {
        check(text)?;
        Ok(Pattern(text))
    }

    /// The pattern as written.
    pub fn as_str(self) -> &'a str {
        self.0
    }

    /// Whether this is the pattern that stands for everything.
    pub fn is_universal(self) -> bool {
        self.0 == UNIVERSAL
    }

    /// Whether the pattern stands for `capability`, byte for byte.
    pub fn matches(self, capability: Capability<'_>) -> bool {
        if self.is_universal() {
            return true;
        }
        let mut wanted = capability.0.split(':');
        let mut pattern = self.0.split(':').peekable();
        while let Some(segment) = pattern.next() {
            let Some(found) = wanted.next() else { return false };
            if segment == "*" {
                if pattern.peek().is_none() {
                    return true;
                }
            } else if segment != found {
                return false;
            }
        }
        wanted.next().is_none()
    }

    /// Whether the pattern spells out `prefix`, without a wildcard among those segments.
    pub(super) fn starts_with(self, prefix: &str) -> bool {
        starts_with_segments(self.0, prefix)
    }
}

impl fmt::Display for Pattern<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Whether the first segments of `text` are exactly those of `prefix`.
pub(super) fn starts_with_segments(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
}

/// Why a text is neither a capability nor a pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CapabilityError {
    /// Nothing at all.
    #[error("is empty")]
    Empty,
    /// More than 256 bytes.
    #[error("is {bytes} bytes long, more than {CAPABILITY_BYTES_MAX}")]
    TooLong {
        /// Length of the text.
        bytes: usize,
    },
    /// `**` somewhere.
    #[error("holds '**'; a last '*' already stands for one or more segments")]
    DoubleStar,
    /// A colon at the start or end, or two in a row.
    #[error("has an empty segment")]
    EmptySegment,
    /// A segment that is `*` and something else.
    #[error("mixes '*' with other characters in the segment {0:?}")]
    PartialStar(String),
    /// A character outside of the alphabet.
    #[error("holds {character:?} in the segment {segment:?}")]
    InvalidCharacter {
        /// The segment.
        segment: String,
        /// Its first such character.
        character: char,
    },
}

/// Checks the grammar that capabilities and patterns share.
fn check(text: &str) -> Result<(), CapabilityError> {
    if text.is_empty() {
        return Err(CapabilityError::Empty);
    }
    if text.len() > CAPABILITY_BYTES_MAX {
        return Err(CapabilityError::TooLong { bytes: text.len() });
    }
    if text.contains("**") {
        return Err(CapabilityError::DoubleStar);
    }
    if text.split(':').any(str::is_empty) {
        return Err(CapabilityError::EmptySegment);
    }
    text.split(':').try_for_each(check_segment)
}

fn check_segment(segment: &str) -> Result<(), CapabilityError> {
    if segment == "*" {
        return Ok(());
    }
    if segment.contains('*') {
        return Err(CapabilityError::PartialStar(segment.to_owned()));
    }
    match segment.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))) {
        Some(character) => {
            Err(CapabilityError::InvalidCharacter { segment: segment.to_owned(), character })
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_grammar(text: &str, want: Result<(), CapabilityError>) {
        assert_eq!(Capability::parse(text).map(drop), want, "{text:?}");
        assert_eq!(Pattern::parse(text).map(drop), want, "{text:?}");
    }

    fn matches(pattern: &str, capability: &str) -> bool {
        let pattern = Pattern::parse(pattern).expect("the test's pattern is valid");
        pattern.matches(Capability::parse(capability).expect("the test's capability is valid"))
    }

    #[test]
    fn literals_and_whole_segment_stars_are_grammatical() {
        for text in ["net_bind", "system:shutdown", "*", "a:*:b", "self:*", "*:*", "A-1:b_2", "-"] {
            check_grammar(text, Ok(()));
        }
        check_grammar(&"x".repeat(256), Ok(()));
    }

    #[test]
    fn each_breach_of_the_grammar_has_its_own_error() {
        let invalid = |segment: &str, character| {
            Err(CapabilityError::InvalidCharacter { segment: segment.to_owned(), character })
        };
        let partial = |segment: &str| Err(CapabilityError::PartialStar(segment.to_owned()));
        for (text, want) in [
            ("", Err(CapabilityError::Empty)),
            ("**", Err(CapabilityError::DoubleStar)),
            ("a:**:b", Err(CapabilityError::DoubleStar)),
            (":a**", Err(CapabilityError::DoubleStar)),
            (":", Err(CapabilityError::EmptySegment)),
            (":a", Err(CapabilityError::EmptySegment)),
            ("a:", Err(CapabilityError::EmptySegment)),
            ("a::b", Err(CapabilityError::EmptySegment)),
            ("a b:", Err(CapabilityError::EmptySegment)),
            ("a:b*", partial("b*")),
            ("*a:b", partial("*a")),
            ("a:b c", invalid("b c", ' ')),
            ("a/b", invalid("a/b", '/')),
            ("a.b:c", invalid("a.b", '.')),
            ("a;rm:c", invalid("a;rm", ';')),
            ("é", invalid("é", 'é')),
        ] {
            check_grammar(text, want);
        }
        check_grammar(&"x".repeat(257), Err(CapabilityError::TooLong { bytes: 257 }));
        check_grammar(&":".repeat(257), Err(CapabilityError::TooLong { bytes: 257 }));
    }

    #[test]
    fn patterns_match_as_the_table_says() {
        for (pattern, capability, want) in [
            ("*", "system:shutdown", true),
            ("*", "a", true),
            ("self:*", "self:capsule", true),
            ("self:*", "self:capsule:install:alice", true),
            ("self:*", "self", false),
            ("self:*", "capsule:install", false),
            ("a:*:b", "a:x:b", true),
            ("a:*:b", "a:x:y:b", false),
            ("a:*:b", "a:b", false),
            ("a:*:*", "a:b", false),
            ("a:*:*", "a:b:c:d", true),
            ("*:b", "a:b", true),
            ("*:b", "a:c:b", false),
            ("system:shutdown", "system:shutdown", true),
            ("system:shutdown", "self:system:shutdown", false),
            ("system:shutdown", "system:status", false),
            ("system:shutdown", "system:shutdown:now", false),
            ("system:shutdown", "system", false),
            ("System:status", "system:status", false),
            ("quota:set", "self:quota:set", false),
            ("self:quota:set", "quota:set", false),
        ] {
            assert_eq!(matches(pattern, capability), want, "{pattern} against {capability}");
        }
    }

    #[test]
    fn a_prefix_ends_at_a_segment() {
        assert!(starts_with_segments("a:b", "a:b"));
        assert!(starts_with_segments("a:b:c", "a:b"));
        assert!(!starts_with_segments("a:bc", "a:b"));
        assert!(!starts_with_segments("a", "a:b"));
    }
}
