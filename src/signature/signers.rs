//! Which keys may sign which capsules.
//!
//! ```toml
//! [[signer]]
//! key = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"
//! capsules = ["greeter", "acme-*"]
//! ```
//!
//! Where there is such a list, nothing else is installed.

use serde::Deserialize;

use super::{KeyError, PublicKey};

/// A list that says nothing that can be relied on.
#[derive(Debug, thiserror::Error)]
pub enum SignersError {
    /// It is not TOML of this form.
    #[error("{0}")]
    Malformed(String),
    /// A key cannot be used.
    #[error("signer {number}")]
    Key {
        /// Which one, from 1.
        number: usize,
        /// Why not.
        #[source]
        error: KeyError,
    },
    /// A name of a capsule has a `*` in another place than its end, or is empty.
    #[error("signer {number}: {pattern:?} is neither the id of a capsule nor a beginning with *")]
    Pattern {
        /// Which one, from 1.
        number: usize,
        /// The name.
        pattern: String,
    },
}

/// A key, and what it may sign.
#[derive(Clone, Debug)]
pub struct Signer {
    /// The key.
    pub key: PublicKey,
    capsules: Vec<String>,
}

impl Signer {
    /// Whether it may sign this capsule.
    pub fn may_sign(&self, capsule: &str) -> bool {
        self.capsules.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(beginning) => capsule.starts_with(beginning),
            None => capsule == pattern,
        })
    }
}

/// Reads the list.
///
/// # Errors
///
/// Anything in it is not understood: a part of it would allow something else than all of it.
pub fn parse(text: &str) -> Result<Vec<Signer>, SignersError> {
    let said = |error: toml::de::Error| error.to_string().trim_end().to_owned();
    let list: List = toml::from_str(text).map_err(|it| SignersError::Malformed(said(it)))?;
    let signer = |(number, entry): (usize, Entry)| {
        let key = PublicKey::parse(&entry.key);
        let key = key.map_err(|error| SignersError::Key { number, error })?;
        let wrong =
            |it: &&String| it.is_empty() || it.strip_suffix('*').unwrap_or(it).contains('*');
        match entry.capsules.iter().find(wrong) {
            Some(pattern) => Err(SignersError::Pattern { number, pattern: pattern.clone() }),
            None => Ok(Signer { key, capsules: entry.capsules }),
        }
    };
    (1..).zip(list.signer).map(signer).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(default)]
    signer: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    key: String,
    capsules: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";

    #[test]
    fn a_key_may_sign_what_it_is_for() {
        let text = format!("[[signer]]\nkey = '{KEY}'\ncapsules = ['greeter', 'acme-*']");
        let signers = parse(&text).expect("a list");
        let may = |capsule| signers[0].may_sign(capsule);
        assert!(may("greeter") && may("acme-") && may("acme-mail"));
        assert!(!may("greeter-2") && !may("acme") && !may(""));
        assert!(parse("").expect("nobody").is_empty());
    }

    #[test]
    fn what_is_not_understood_allows_nothing() {
        let check = |text: &str, expected: &str| {
            let error = parse(text).expect_err("refused").to_string();
            assert!(error.contains(expected), "{text}: {error}");
        };
        check("[[signer]]\nkey = 'x'\ncapsules = []", "signer 1");
        check(&format!("[[signer]]\nkey = '{KEY}'"), "missing field `capsules`");
        check(&format!("[[signer]]\nkey = '{KEY}'\ncapsules = ['a*b']"), "\"a*b\" is neither");
        check(&format!("[[signer]]\nkey = '{KEY}'\ncapsules = ['']"), "\"\" is neither");
        check("[[signers]]", "unknown field");
        check("signer = 1", "invalid type");
        check("[[signer", "");
    }
}
