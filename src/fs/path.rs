//! How guests spell paths.

use std::fmt;
use std::path::Path;

use super::error::FsError;
use crate::limits::FS_PATH_BYTES_MAX;

/// One of the three places that a path can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// `cwd://`, `workspace://`, or no scheme.
    Workspace,
    /// `home://`.
    Home,
    /// `tmp://`, `/tmp`, or what begins with `/tmp/`.
    Tmp,
}

impl Scheme {
    /// The spelling that answers use.
    pub fn prefix(self) -> &'static str {
        match self {
            Scheme::Workspace => "workspace://",
            Scheme::Home => "home://",
            Scheme::Tmp => "tmp://",
        }
    }

    /// `path` of this place, as answers spell it. Names that are not UTF-8 are shown as best they
    /// can be.
    pub fn spell(self, path: &Path) -> String {
        format!("{}{}", self.prefix(), path.to_string_lossy())
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.prefix())
    }
}

/// A path as a guest wrote it: a place, and what is left of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuestPath<'a> {
    /// The place.
    pub scheme: Scheme,
    rest: &'a str,
}

impl<'a> GuestPath<'a> {
    /// Reads a path. What is too long or holds a control character is malformed.
    pub fn parse(text: &'a str) -> Result<GuestPath<'a>, FsError> {
        if text.len() > FS_PATH_BYTES_MAX || text.chars().any(char::is_control) {
            return Err(FsError::InvalidPath);
        }
        let spelled = [
            ("cwd://", Scheme::Workspace),
            ("workspace://", Scheme::Workspace),
            ("home://", Scheme::Home),
            ("tmp://", Scheme::Tmp),
            ("/tmp/", Scheme::Tmp),
        ];
        if text == "/tmp" {
            return Ok(GuestPath { scheme: Scheme::Tmp, rest: "" });
        }
        let found = spelled.iter().find_map(|(prefix, scheme)| {
            text.strip_prefix(prefix).map(|rest| GuestPath { scheme: *scheme, rest })
        });
        Ok(found.unwrap_or(GuestPath { scheme: Scheme::Workspace, rest: text }))
    }

    /// Its components, `..` included; empty ones and `.` say nothing.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &'a str> {
        self.rest.split('/').filter(|name| !name.is_empty() && *name != ".")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, scheme: Scheme, components: &[&str]) {
        let path = GuestPath::parse(text).expect("well-formed");
        assert_eq!(path.scheme, scheme, "{text}");
        assert_eq!(path.components().collect::<Vec<_>>(), components, "{text}");
    }

    #[test]
    fn every_spelling_names_its_place() {
        check("cwd://a/b", Scheme::Workspace, &["a", "b"]);
        check("workspace://a", Scheme::Workspace, &["a"]);
        check("a/./b//c/", Scheme::Workspace, &["a", "b", "c"]);
        check("/etc/passwd", Scheme::Workspace, &["etc", "passwd"]);
        check("", Scheme::Workspace, &[]);
        check("/", Scheme::Workspace, &[]);
        check("/tmpfoo", Scheme::Workspace, &["tmpfoo"]);
        check("tmp/x", Scheme::Workspace, &["tmp", "x"]);
        check("file://x", Scheme::Workspace, &["file:", "x"]);
        check("home:///x", Scheme::Home, &["x"]);
        check("home://../x", Scheme::Home, &["..", "x"]);
        check("/tmp", Scheme::Tmp, &[]);
        check("/tmp/x", Scheme::Tmp, &["x"]);
        check("tmp://x", Scheme::Tmp, &["x"]);
    }

    #[test]
    fn control_characters_and_endless_paths_are_malformed() {
        for text in ["a\0b", "a\nb", "home://\u{7f}", "a\u{85}"] {
            assert_eq!(GuestPath::parse(text), Err(FsError::InvalidPath), "{text:?}");
        }
        assert!(GuestPath::parse(&"a".repeat(FS_PATH_BYTES_MAX)).is_ok());
        assert!(GuestPath::parse(&"a".repeat(FS_PATH_BYTES_MAX + 1)).is_err());
    }
}
