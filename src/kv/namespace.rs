//! Whose entries: one principal's entries of one capsule.

use std::fmt;

const SEPARATOR: &str = ":capsule:";

/// The entries of one capsule for one principal, written `<principal>:capsule:<id>`.
///
/// Guests never see it. Neither part is empty or has a colon or control character, so that two
/// different pairs never share a namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Namespace {
    text: String,
    principal_bytes: usize,
}

/// A principal or capsule id that cannot be part of a namespace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{part:?} cannot be part of a namespace")]
pub struct NamespaceError {
    /// The offending part, or the whole text when it has no parts.
    pub part: String,
}

impl Namespace {
    /// The namespace of `capsule` for `principal`.
    pub fn new(principal: &str, capsule: &str) -> Result<Namespace, NamespaceError> {
        for part in [principal, capsule] {
            if part.is_empty() || part.contains(|c: char| c == ':' || c.is_control()) {
                return Err(NamespaceError { part: part.to_owned() });
            }
        }
        Ok(Namespace {
            text: format!("{principal}{SEPARATOR}{capsule}"),
            principal_bytes: principal.len(),
        })
    }

    /// Reads what [`Namespace::as_str`] gives.
    pub fn parse(text: &str) -> Result<Namespace, NamespaceError> {
        match text.split_once(SEPARATOR) {
            Some((principal, capsule)) => Namespace::new(principal, capsule),
            None => Err(NamespaceError { part: text.to_owned() }),
        }
    }

    /// `<principal>:capsule:<id>`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whose entries these are.
    pub fn principal(&self) -> &str {
        &self.text[..self.principal_bytes]
    }

    /// Which capsule's entries these are.
    pub fn capsule(&self) -> &str {
        &self.text[self.principal_bytes + SEPARATOR.len()..]
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_back_from_the_text() {
        let made = Namespace::new("default", "my-notes").expect("both parts are plain");
        assert_eq!(made.as_str(), "default:capsule:my-notes");
        assert_eq!((made.principal(), made.capsule()), ("default", "my-notes"));
        assert_eq!(Namespace::parse(made.as_str()), Ok(made));
    }

    #[test]
    fn parts_that_could_forge_another_namespace_are_refused() {
        for (principal, capsule) in
            [("", "c"), ("p", ""), ("a:capsule:b", "c"), ("a", "b:c"), ("a\0", "c"), ("a", "c\n")]
        {
            assert!(Namespace::new(principal, capsule).is_err(), "{principal:?} {capsule:?}");
        }
        assert!(Namespace::parse("wasm:notes").is_err());
    }
}
