//! What a user types: `oci:` and then a layout directory or a repository, a tag, a digest.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

use super::OciError;

/// What a reference begins with.
const SCHEME: &str = "oci:";
/// Characters of a tag.
const TAG_MAX: usize = 128;
/// Characters of a repository's name.
const NAME_MAX: usize = 255;

/// A SHA-256 digest. Shown as `sha256:` and 64 hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Sha(String);

impl Sha {
    /// The digest of bytes.
    pub fn of(bytes: &[u8]) -> Sha {
        Sha::from_bytes(&Sha256::digest(bytes))
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Sha {
        use fmt::Write as _;
        let mut hex = String::with_capacity(64);
        for byte in bytes {
            // Writing to a string never fails.
            let _ = write!(hex, "{byte:02x}");
        }
        Sha(hex)
    }

    /// The hexadecimal digits alone, which are safe as a file's name.
    pub fn hex(&self) -> &str {
        &self.0
    }
}

impl FromStr for Sha {
    type Err = OciError;

    fn from_str(text: &str) -> Result<Sha, OciError> {
        let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        match text.strip_prefix("sha256:") {
            Some(hex) if hex.len() == 64 && hex.as_bytes().iter().all(is_digit) => {
                Ok(Sha(hex.to_owned()))
            }
            _ => Err(OciError::Digest { text: text.chars().take(100).collect() }),
        }
    }
}

impl fmt::Display for Sha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.0)
    }
}

impl fmt::Debug for Sha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where an artifact is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a layout directory. A path begins with `.` or `/`.
    Layout(PathBuf),
    /// In a registry.
    Registry {
        /// Its host, and the port if one was named.
        authority: String,
        /// The name of the repository.
        name: String,
    },
}

/// The name of an artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Where it is.
    pub place: Place,
    /// Its tag.
    pub tag: Option<String>,
    /// Its digest, which counts before the tag.
    pub digest: Option<Sha>,
}

impl Reference {
    /// Whether a text is meant to be a reference.
    pub fn is_one(text: &str) -> bool {
        text.starts_with(SCHEME)
    }

    /// The same artifact by its digest, whatever its tag names later.
    pub fn pinned(&self, manifest: &Sha) -> String {
        match &self.place {
            Place::Layout(path) => format!("{SCHEME}{}@{manifest}", path.display()),
            Place::Registry { authority, name } => format!("{SCHEME}{authority}/{name}@{manifest}"),
        }
    }
}

impl FromStr for Reference {
    type Err = OciError;

    fn from_str(text: &str) -> Result<Reference, OciError> {
        let wrong = |why| OciError::Reference { text: text.to_owned(), why };
        let rest = text.strip_prefix(SCHEME).ok_or_else(|| wrong("it does not begin with oci:"))?;
        let (rest, digest) = match rest.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse()?)),
            None => (rest, None),
        };
        // A port is before the first slash, a tag behind the last.
        let (rest, tag) = match rest.rsplit_once(':') {
            Some((before, tag)) if !tag.contains('/') => (before, Some(tag)),
            _ => (rest, None),
        };
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(wrong("what is behind the last colon is no tag"));
        }
        let tag = tag.map(str::to_owned);
        if rest.starts_with(['.', '/']) {
            return Ok(Reference { place: Place::Layout(rest.into()), tag, digest });
        }
        let (authority, name) =
            rest.split_once('/').ok_or_else(|| wrong("it has no HOST/NAME, and no ./DIRECTORY"))?;
        if !is_authority(authority) {
            return Err(wrong("what is before the first slash is no HOST or HOST:PORT"));
        }
        if name.len() > NAME_MAX || !name.split('/').all(is_name_part) {
            return Err(wrong(
                "the repository's name has other characters than a-z, 0-9, . _ - and /",
            ));
        }
        let (authority, name) = (authority.to_owned(), name.to_owned());
        Ok(Reference { place: Place::Registry { authority, name }, tag, digest })
    }
}

/// `[A-Za-z0-9_][A-Za-z0-9._-]{0,127}`.
fn is_tag(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let bytes = text.as_bytes();
    bytes.len() <= TAG_MAX
        && bytes.first().is_some_and(|first| word(*first))
        && bytes.iter().all(|byte| word(*byte) || matches!(byte, b'.' | b'-'))
}

/// Lower-case words with single separators between them.
fn is_name_part(text: &str) -> bool {
    let word = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9');
    let bytes = text.as_bytes();
    bytes.first().is_some_and(word)
        && bytes.last().is_some_and(word)
        && bytes.iter().all(|byte| word(byte) || matches!(byte, b'.' | b'_' | b'-'))
        && !text.contains("..")
}

fn is_authority(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => {
            if host.parse::<std::net::Ipv6Addr>().is_err() {
                return false;
            }
            (host, rest.strip_prefix(':').or((!rest.is_empty()).then_some("")))
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':');
    !host.is_empty()
        && host.as_bytes().iter().all(letter)
        && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn the_digest_of_nothing_is_the_known_one() {
        assert_eq!(Sha::of(b"").to_string(), DIGEST);
        for text in ["", "sha256:", "sha512:00", &DIGEST.to_uppercase(), &format!("{DIGEST}0")] {
            assert!(text.parse::<Sha>().is_err(), "{text}");
        }
    }

    #[test]
    fn directories_and_repositories_are_told_apart_and_tags_from_ports() {
        let parse = |text: &str| {
            let Reference { place, tag, digest } = text.parse().expect("a reference");
            let place = match place {
                Place::Layout(path) => format!("in {}", path.display()),
                Place::Registry { authority, name } => format!("{authority} has {name}"),
            };
            format!("{place} tag {} digest {}", tag.unwrap_or_default(), digest.is_some())
        };
        for (text, meaning) in [
            ("oci:./dir", "in ./dir tag  digest false"),
            ("oci:../a/b:1.0", "in ../a/b tag 1.0 digest false"),
            ("oci:/a:b/c", "in /a:b/c tag  digest false"),
            ("oci:r.example/a/b", "r.example has a/b tag  digest false"),
            ("oci:r.example:5000/a", "r.example:5000 has a tag  digest false"),
            ("oci:localhost:5000/a:v1", "localhost:5000 has a tag v1 digest false"),
            ("oci:[::1]:5000/a:v1", "[::1]:5000 has a tag v1 digest false"),
        ] {
            assert_eq!(parse(text), meaning, "{text}");
        }
        let pinned = format!("oci:r.example/a:v1@{DIGEST}");
        assert_eq!(parse(&pinned), "r.example has a tag v1 digest true");
        let reference: Reference = pinned.parse().expect("a reference");
        let digest = DIGEST.parse().expect("a digest");
        assert_eq!(reference.pinned(&digest), format!("oci:r.example/a@{DIGEST}"));
    }

    #[test]
    fn what_could_mean_something_else_is_refused() {
        for text in [
            "r.example/a",
            "oci:",
            "oci:a",
            "oci:/a:",
            "oci:r.example/",
            "oci:r.example/A",
            "oci:r.example/a/../b",
            "oci:r.example/a//b",
            "oci:r.example/a?b",
            "oci:r.example/a#b",
            "oci:u@r.example/a",
            "oci:r.example:0/a",
            "oci:r.example:x/a",
            "oci:r.example/a:-",
            "oci:r.example/a@sha256:00",
            "oci:[::1/a",
            "oci:[x]/a",
            "oci:[::1]x/a",
            "oci:r%2f/a",
        ] {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
    }
}
