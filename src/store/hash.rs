//! The BLAKE3 digest that names a blob.

use std::fmt;
use std::str::FromStr;

/// A BLAKE3-256 digest as 64 lower-case hexadecimal digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(String);

/// A text that is not 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a hash of 64 lower-case hexadecimal digits")]
pub struct HashError {
    /// The text as found, cut to a sane length.
    pub text: String,
}

impl Hash {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Hash {
        /// Below this size, threads cost more than they save.
        const PARALLEL_FROM_BYTES: usize = 256 << 10;
        let mut hasher = blake3::Hasher::new();
        if bytes.len() >= PARALLEL_FROM_BYTES {
            hasher.update_rayon(bytes);
        } else {
            hasher.update(bytes);
        }
        Hash::from(hasher.finalize())
    }

    /// The 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<blake3::Hash> for Hash {
    fn from(hash: blake3::Hash) -> Hash {
        Hash(hash.to_hex().to_string())
    }
}

impl FromStr for Hash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Hash, HashError> {
        let digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if text.len() == 64 && text.bytes().all(digit) {
            Ok(Hash(text.to_owned()))
        } else {
            Err(HashError { text: text.chars().take(80).collect() })
        }
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_64_lower_case_digits_parse() {
        let good = Hash::of(b"x");
        assert_eq!(good.as_str().parse(), Ok(good.clone()));
        let upper = good.as_str().to_uppercase();
        for bad in ["", "ab", &upper, &format!("{good}0"), &good.as_str().replace('a', "g")[..63]] {
            assert!(bad.parse::<Hash>().is_err(), "{bad}");
        }
    }

    #[test]
    fn large_and_small_inputs_hash_alike() {
        let large = vec![7; 1 << 20];
        assert_eq!(Hash::of(&large), Hash::from(blake3::hash(&large)));
    }
}
