//! The digest that a guest wants a body to have: `sha256-`, `sha384-` or `sha512-`, and base64.

use ring::digest::{Algorithm, SHA256, SHA384, SHA512, digest};

use super::ErrorCode;
use crate::kv::base64;

/// A digest.
#[derive(Debug)]
pub(super) struct Integrity {
    algorithm: &'static Algorithm,
    wanted: Vec<u8>,
}

impl Integrity {
    /// Reads a digest; the padding of the base64 may be left out.
    pub(super) fn parse(text: &str) -> Result<Integrity, ErrorCode> {
        let algorithms = [("sha256-", &SHA256), ("sha384-", &SHA384), ("sha512-", &SHA512)];
        let read = algorithms.into_iter().find_map(|(prefix, algorithm)| {
            let digits = text.strip_prefix(prefix)?.trim_end_matches('=');
            let padded = format!("{digits}{}", &"==="[..(4 - digits.len() % 4) % 4]);
            let wanted = base64::decode(&padded)?;
            (wanted.len() == algorithm.output_len()).then_some(Integrity { algorithm, wanted })
        });
        read.ok_or(ErrorCode::InvalidRequest)
    }

    /// Compares a body with it.
    pub(super) fn check(&self, body: &[u8]) -> Result<(), ErrorCode> {
        let good = digest(self.algorithm, body).as_ref() == self.wanted;
        if good { Ok(()) } else { Err(ErrorCode::IntegrityMismatch) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, body: &str) -> Result<(), ErrorCode> {
        Integrity::parse(text)?.check(body.as_bytes())
    }

    /// The digest of `abc` in FIPS 180-2.
    const ABC: &str = "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";

    #[test]
    fn a_body_has_its_digest_or_not() {
        assert_eq!(check(ABC, "abc"), Ok(()));
        assert_eq!(check(ABC.trim_end_matches('='), "abc"), Ok(()));
        assert_eq!(check(ABC, "abd"), Err(ErrorCode::IntegrityMismatch));
    }

    #[test]
    fn what_is_no_digest_is_an_invalid_request() {
        for text in [
            "",
            "sha256-",
            "sha1-qZk+NkcGgWq6PiVxeFDCbJzQ2J0=",
            "sha512-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
            "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa",
            "sha256-!ngWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
            "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0= sha256-x",
        ] {
            assert_eq!(check(text, "abc"), Err(ErrorCode::InvalidRequest), "{text}");
        }
    }
}
