//! The names that become parts of paths, and the grammar that each must match first.
//!
//! Everything that [`super::layout`] joins into a path passes one of these checks, whoever calls
//! and whatever was checked before: a name such as `../x` cannot reach the disk.

use std::fmt;

use crate::limits;

/// The principal that owns installed capsules.
pub const DEFAULT_PRINCIPAL: &str = "default";

/// The scope of secrets that all principals share; no principal may have this name.
pub const HOST_SCOPE: &str = "__host__";

/// Bytes in a capsule id or secret key: the longest name derived from one must fit the 255 bytes
/// that file systems give a file name.
const NAME_BYTES_MAX: usize = 200;

/// What a refused name was meant to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameKind {
    /// The id of a capsule.
    Capsule,
    /// The id of a principal.
    Principal,
    /// The key of a secret.
    SecretKey,
    /// The key of an environment value.
    EnvKey,
}

impl fmt::Display for NameKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NameKind::Capsule => "capsule id",
            NameKind::Principal => "principal id",
            NameKind::SecretKey => "secret key",
            NameKind::EnvKey => "environment key",
        })
    }
}

/// What is wrong with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameProblem {
    /// It has no characters.
    Empty,
    /// It has more bytes than allowed.
    TooLong {
        /// The most bytes that such a name may have.
        limit_bytes: usize,
    },
    /// The first character that such a name may not have.
    Character(char),
    /// It means something else.
    Reserved,
}

impl fmt::Display for NameProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameProblem::Empty => f.write_str("is empty"),
            NameProblem::TooLong { limit_bytes } => {
                write!(f, "is longer than {limit_bytes} bytes")
            }
            NameProblem::Character(c) => write!(f, "contains {c:?}, which is not allowed"),
            NameProblem::Reserved => f.write_str("is reserved"),
        }
    }
}

/// A name that must not become part of a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} {name:?} {problem}")]
pub struct NameError {
    /// What the name was meant to be.
    pub kind: NameKind,
    /// The name as given.
    pub name: String,
    /// Why it was refused.
    pub problem: NameProblem,
}

/// Accepts capsule ids: lower-case letters, digits and `-`.
pub fn check_capsule(id: &str) -> Result<(), NameError> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    check(NameKind::Capsule, id, NAME_BYTES_MAX, allowed)
}

/// Accepts principal ids: letters, digits, `-` and `_`, but not the scope of shared secrets.
pub fn check_principal(id: &str) -> Result<(), NameError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    check(NameKind::Principal, id, limits::PRINCIPAL_ID_BYTES_MAX, allowed)?;
    if id == HOST_SCOPE {
        return Err(error(NameKind::Principal, id, NameProblem::Reserved));
    }
    Ok(())
}

/// Accepts secret keys: anything without `:`, path separators and NUL that names a file of its
/// own, and not one of the temporary files beside it.
pub fn check_secret_key(key: &str) -> Result<(), NameError> {
    let allowed = |c: char| !matches!(c, ':' | '/' | '\\' | '\0');
    check(NameKind::SecretKey, key, NAME_BYTES_MAX, allowed)?;
    if key == "." || key == ".." || (key.starts_with('.') && key.ends_with(".tmp")) {
        return Err(error(NameKind::SecretKey, key, NameProblem::Reserved));
    }
    Ok(())
}

/// Accepts keys of an env file: any text without control characters.
pub fn check_env_key(key: &str) -> Result<(), NameError> {
    check(NameKind::EnvKey, key, NAME_BYTES_MAX, |c| !c.is_control())
}

fn check(
    kind: NameKind,
    name: &str,
    limit_bytes: usize,
    allowed: impl Fn(char) -> bool,
) -> Result<(), NameError> {
    let problem = if name.is_empty() {
        NameProblem::Empty
    } else if name.len() > limit_bytes {
        NameProblem::TooLong { limit_bytes }
    } else if let Some(c) = name.chars().find(|&c| !allowed(c)) {
        NameProblem::Character(c)
    } else {
        return Ok(());
    };
    Err(error(kind, name, problem))
}

fn error(kind: NameKind, name: &str, problem: NameProblem) -> NameError {
    NameError { kind, name: name.to_owned(), problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capsule_ids_are_lower_case_letters_digits_and_hyphens() {
        for id in ["a", "0", "-", "good-name-2", &"x".repeat(200)] {
            assert_eq!(check_capsule(id), Ok(()), "{id}");
        }
        for id in ["", "..", "../x", "a/b", "A", "a_b", "a.bak", "é", "a\0", &"x".repeat(201)] {
            assert!(check_capsule(id).is_err(), "{id}");
        }
    }

    #[test]
    fn principal_ids_have_one_to_64_plain_characters_and_are_not_the_host_scope() {
        for id in ["default", "A_b-9", &"p".repeat(64)] {
            assert_eq!(check_principal(id), Ok(()), "{id}");
        }
        for id in ["", "a b", "a/b", "..", HOST_SCOPE, &"p".repeat(65)] {
            assert!(check_principal(id).is_err(), "{id}");
        }
    }

    #[test]
    fn secret_keys_name_exactly_one_file() {
        for key in ["api_key", "a.b", ".hidden", "with space"] {
            assert_eq!(check_secret_key(key), Ok(()), "{key}");
        }
        for key in ["", ".", "..", "a:b", "a/b", "a\\b", "a\0b", ".api_key.tmp"] {
            assert!(check_secret_key(key).is_err(), "{key}");
        }
    }
}
