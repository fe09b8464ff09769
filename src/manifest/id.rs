//! The name of a capsule.
//!
//! An id becomes the name of directories, lock files and key-value namespaces, so the check stands
//! in the type: whoever holds a [`CapsuleId`] may join it to a path.

use std::fmt;
use std::str::FromStr;

/// Bytes in a capsule id: ours, so that `<id>.env.json` and lock names fit any file system.
pub const CAPSULE_ID_BYTES_MAX: usize = 128;

/// A checked capsule id: 1 to [`CAPSULE_ID_BYTES_MAX`] characters out of `a-z`, `0-9` and `-`.
///
/// It holds no separator and no dot, so as one path component it stays where it is joined.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CapsuleId(String);

/// Why a text is no capsule id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CapsuleIdError {
    /// The text has no characters.
    #[error("a capsule id must not be empty")]
    Empty,
    /// The text has more than [`CAPSULE_ID_BYTES_MAX`] bytes.
    #[error("a capsule id has at most {CAPSULE_ID_BYTES_MAX} bytes, this one has {bytes}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// A character outside `a-z`, `0-9` and `-`.
    #[error(
        "a capsule id consists of a-z, 0-9 and -, \
         and {:?} at byte {offset} is none of them", .character
    )]
    Character {
        /// The first offending character.
        character: char,
        /// Where it starts, in bytes.
        offset: usize,
    },
}

impl CapsuleId {
    /// Checks `text` and wraps it.
    pub fn new(text: &str) -> Result<Self, CapsuleIdError> {
        if text.is_empty() {
            return Err(CapsuleIdError::Empty);
        }
        if text.len() > CAPSULE_ID_BYTES_MAX {
            return Err(CapsuleIdError::TooLong { bytes: text.len() });
        }
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        match text.char_indices().find(|(_, c)| !allowed(*c)) {
            Some((offset, character)) => Err(CapsuleIdError::Character { character, offset }),
            None => Ok(Self(text.to_owned())),
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CapsuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for CapsuleId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl FromStr for CapsuleId {
    type Err = CapsuleIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_lower_case_letters_digits_and_hyphens() {
        for good in ["a", "0", "-", "weather-notes", "a--b-", &"x".repeat(128)] {
            assert_eq!(CapsuleId::new(good).map(|id| id.to_string()), Ok(good.to_owned()));
        }
        let bad = |text: &str| CapsuleId::new(text).expect_err(text);
        assert_eq!(bad(""), CapsuleIdError::Empty);
        assert_eq!(bad(&"x".repeat(129)), CapsuleIdError::TooLong { bytes: 129 });
        for (text, character, offset) in
            [("Ab", 'A', 0), ("a_b", '_', 1), ("../x", '.', 0), ("a/b", '/', 1), ("aé", 'é', 1)]
        {
            assert_eq!(bad(text), CapsuleIdError::Character { character, offset });
        }
    }

    #[test]
    fn messages_escape_control_characters() {
        let message = CapsuleId::new("a\u{1b}").expect_err("control").to_string();
        assert!(!message.contains('\u{1b}'), "{message}");
    }
}
