//! Principal ids: the names that everything else is kept under.
//!
//! An id is 1 to 64 ASCII letters, digits, `-` and `_`. It is therefore safe as one component of a
//! path and, since it holds no `:`, as the first part of a key-value namespace. Case is significant.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::limits::PRINCIPAL_ID_BYTES_MAX;

/// The principal that acts when nobody is named.
const DEFAULT: &str = "default";
/// The scope under which secrets of the machine itself are kept.
const HOST_SCOPE: &str = "__host__";

/// A valid principal id. A clone is another handle to the same text: ids go along with every call.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PrincipalId {
    text: Arc<str>,
    /// Of the text. Every call looks its principal up in several tables.
    hash: u64,
}

impl PrincipalId {
    /// Returns the id, or the first reason why `text` is none.
    pub fn new(text: impl Into<String>) -> Result<PrincipalId, IdError> {
        let text = text.into();
        check_name(&text)?;
        Ok(PrincipalId::of_valid(text.into()))
    }

    fn of_valid(text: Arc<str>) -> PrincipalId {
        // FNV-1a: ids are short, and whoever gives them out does not attack tables. The end of MurmurHash
        // makes ids that differ in one letter differ in every bit as likely as not.
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mix = |hash: u64, factor| (hash ^ (hash >> 33)).wrapping_mul(factor);
        let hash = mix(mix(hash, 0xff51_afd7_ed55_8ccd), 0xc4ce_b9fe_1a85_ec53);
        PrincipalId { text, hash }
    }

    /// A number that is the same for the same id, on any machine, and hardly ever for another one.
    pub fn hash_code(&self) -> u64 {
        self.hash
    }

    /// The bare id.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether this is the principal that acts when nobody is named.
    pub fn is_default(&self) -> bool {
        &*self.text == DEFAULT
    }

    /// Whether the id names a secret scope of the host, which no principal may own.
    pub fn is_reserved(&self) -> bool {
        &*self.text == HOST_SCOPE
    }
}

impl Default for PrincipalId {
    fn default() -> PrincipalId {
        PrincipalId::of_valid(DEFAULT.into())
    }
}

impl PartialEq for PrincipalId {
    fn eq(&self, other: &PrincipalId) -> bool {
        // Most comparisons are of one handle with another of the same text, or of two hashes.
        self.hash == other.hash && (Arc::ptr_eq(&self.text, &other.text) || self.text == other.text)
    }
}

impl Eq for PrincipalId {}

impl Hash for PrincipalId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl fmt::Display for PrincipalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for PrincipalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrincipalId({:?})", self.text)
    }
}

impl FromStr for PrincipalId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<PrincipalId, IdError> {
        PrincipalId::new(text)
    }
}

impl TryFrom<String> for PrincipalId {
    type Error = IdError;

    fn try_from(text: String) -> Result<PrincipalId, IdError> {
        PrincipalId::new(text)
    }
}

impl From<PrincipalId> for String {
    fn from(id: PrincipalId) -> String {
        id.text.as_ref().to_owned()
    }
}

impl AsRef<str> for PrincipalId {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

/// Why a text is no principal id and no group name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Nothing at all.
    #[error("is empty")]
    Empty,
    /// More than 64 bytes.
    #[error("is {bytes} bytes long, more than {PRINCIPAL_ID_BYTES_MAX}")]
    TooLong {
        /// Length of the text.
        bytes: usize,
    },
    /// The first character outside of the alphabet.
    #[error("holds {0:?}, which is no ASCII letter, digit, '-' or '_'")]
    InvalidChar(char),
}

/// Checks the grammar that principal ids and group names share.
pub fn check_name(text: &str) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    if text.len() > PRINCIPAL_ID_BYTES_MAX {
        return Err(IdError::TooLong { bytes: text.len() });
    }
    match text.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))) {
        Some(c) => Err(IdError::InvalidChar(c)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, want: Result<(), IdError>) {
        assert_eq!(
            PrincipalId::new(text).map(|id| assert_eq!(id.as_str(), text)),
            want,
            "{text:?}"
        );
        assert_eq!(text.parse::<PrincipalId>().map(drop), want, "{text:?}");
    }

    #[test]
    fn letters_digits_dash_and_underscore_make_an_id() {
        for text in ["default", "alice", "Alice", "agent-007", "system_admin", "a", "-", "0"] {
            check(text, Ok(()));
        }
        check(&"x".repeat(64), Ok(()));
    }

    #[test]
    fn everything_else_is_refused_with_its_reason() {
        check("", Err(IdError::Empty));
        check(&"x".repeat(65), Err(IdError::TooLong { bytes: 65 }));
        // Length is judged in bytes and before the alphabet.
        check(&"é".repeat(33), Err(IdError::TooLong { bytes: 66 }));
        for (text, bad) in [
            ("a b", ' '),
            ("a/b", '/'),
            ("a.b", '.'),
            ("../escape", '.'),
            ("a:b", ':'),
            ("é", 'é'),
            ("a\0", '\0'),
            ("a@b/c", '@'),
        ] {
            check(text, Err(IdError::InvalidChar(bad)));
        }
    }

    #[test]
    fn texts_of_an_id_round_trip() {
        let id = PrincipalId::new("alice").expect("a valid id");
        assert_eq!(id.to_string(), "alice");
        assert_eq!(format!("{id:?}"), r#"PrincipalId("alice")"#);
        assert_eq!(id.to_string().parse(), Ok(id.clone()));
        let json = serde_json::to_string(&id).expect("an id is a string");
        assert_eq!(json, r#""alice""#);
        assert_eq!(serde_json::from_str::<PrincipalId>(&json).expect("its own text"), id);
        assert_eq!(String::from(id), "alice");
    }

    #[test]
    fn deserialising_checks_the_grammar() {
        for json in [r#""../x""#, r#""""#, "7", "null"] {
            assert!(serde_json::from_str::<PrincipalId>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn default_is_ordinary_and_the_host_scope_is_reserved() {
        let default = PrincipalId::default();
        assert_eq!(default.as_str(), "default");
        assert!(default.is_default() && !default.is_reserved());
        let host = PrincipalId::new("__host__").expect("the grammar allows it");
        assert!(host.is_reserved() && !host.is_default());
    }
}
