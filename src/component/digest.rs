//! The hash that names a binary.
//!
//! BLAKE3 with 32 bytes of output, written as 64 lower-case hexadecimal digits, is what every
//! Astrid record of a capsule uses.

use std::fmt;
use std::str::FromStr;

/// Inputs from this size on are hashed by several threads: for less than this, starting them costs more
/// than they save.
const PARALLEL_BYTES_MIN: usize = 4 << 20;

/// A BLAKE3-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Digest {
        let mut hasher = blake3::Hasher::new();
        if bytes.len() >= PARALLEL_BYTES_MIN {
            hasher.update_rayon(bytes);
        } else {
            hasher.update(bytes);
        }
        Digest(*hasher.finalize().as_bytes())
    }

    /// A digest that was computed elsewhere.
    pub fn from_bytes(bytes: [u8; 32]) -> Digest {
        Digest(bytes)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// A text that is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseDigestError {
    /// The text does not have 64 characters.
    #[error("a digest has 64 hexadecimal digits, not {characters}")]
    Length {
        /// How many characters it has.
        characters: usize,
    },
    /// A character is not one of `0-9a-f`.
    #[error("{found:?} at position {position} is not a lower-case hexadecimal digit")]
    Digit {
        /// The character.
        found: char,
        /// Its place, counted from 1.
        position: usize,
    },
}

impl FromStr for Digest {
    type Err = ParseDigestError;

    fn from_str(text: &str) -> Result<Digest, ParseDigestError> {
        let characters = text.chars().count();
        if characters != 64 {
            return Err(ParseDigestError::Length { characters });
        }
        let mut bytes = [0; 32];
        for (index, found) in text.chars().enumerate() {
            let digit = match found {
                '0'..='9' | 'a'..='f' => found.to_digit(16),
                _ => None,
            };
            let digit = digit.ok_or(ParseDigestError::Digit { found, position: index + 1 })?;
            bytes[index / 2] = bytes[index / 2] << 4 | digit as u8;
        }
        Ok(Digest(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";

    #[test]
    fn digest_of_nothing_is_the_published_one_and_reads_back() {
        let digest = Digest::of(b"");
        assert_eq!(digest.to_string(), EMPTY);
        assert_eq!(EMPTY.parse(), Ok(digest));
    }

    #[test]
    fn large_inputs_hash_like_small_ones() {
        let bytes = vec![7; PARALLEL_BYTES_MIN + 5];
        assert_eq!(Digest::of(&bytes).as_bytes(), blake3::hash(&bytes).as_bytes());
    }

    #[test]
    fn texts_that_are_no_digest_say_why() {
        let upper = EMPTY.to_uppercase();
        let accented = format!("{}é", &EMPTY[1..]);
        let cases = [
            ("", ParseDigestError::Length { characters: 0 }),
            (&EMPTY[1..], ParseDigestError::Length { characters: 63 }),
            (&upper, ParseDigestError::Digit { found: 'A', position: 1 }),
            (&accented, ParseDigestError::Digit { found: 'é', position: 64 }),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<Digest>(), Err(error), "{text}");
        }
    }
}
