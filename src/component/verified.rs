//! Bytes together with the reason to believe that they are the right ones.
//!
//! [`Verified`] has two constructors and no other way to be made. Whoever takes one as an argument
//! need not ask whether the digest was compared: it was, or the bytes are an author's working copy
//! and [`Verified::origin`] says so.

use std::fmt;
use std::sync::Arc;

use super::digest::Digest;

/// Shared bytes: in memory, or inside an owner such as a mapped file.
#[derive(Clone)]
pub struct Bytes {
    owner: Arc<dyn AsRef<[u8]> + Send + Sync>,
    lasting: bool,
}

impl Bytes {
    /// Bytes that live inside `owner`, which shows the same ones for as long as it lives.
    pub fn owned_by(owner: impl AsRef<[u8]> + Send + Sync + 'static) -> Bytes {
        Bytes { owner: Arc::new(owner), lasting: true }
    }

    /// Bytes inside an owner that may show others later, as a mapped file does that somebody writes
    /// to. They are good for a look, and for a hash.
    pub fn shown_by(owner: impl AsRef<[u8]> + Send + Sync + 'static) -> Bytes {
        Bytes { owner: Arc::new(owner), lasting: false }
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        (*self.owner).as_ref()
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Bytes {
        Bytes::owned_by(bytes)
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({})", self.as_slice().len())
    }
}

/// Where bytes come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Out of the store: the digest equals the one recorded at installation.
    Installed,
    /// Named by path: hashed, but there was nothing to compare with.
    Unpacked,
}

/// The digest of a binary is not the one recorded for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the binary hashes to {actual}, recorded is {expected}")]
pub struct IntegrityError {
    /// The recorded digest.
    pub expected: Digest,
    /// What the bytes hash to.
    pub actual: Digest,
}

/// Bytes whose digest is known and, for an installed capsule, right.
#[derive(Debug, Clone)]
pub struct Verified {
    bytes: Bytes,
    digest: Digest,
    origin: Origin,
}

impl Verified {
    /// Bytes out of the store.
    ///
    /// Fails when they do not hash to `recorded`; there is no way around that.
    pub fn installed(
        bytes: impl Into<Bytes>,
        recorded: &Digest,
    ) -> Result<Verified, IntegrityError> {
        let bytes = bytes.into();
        let digest = Digest::of(bytes.as_slice());
        if digest != *recorded {
            return Err(IntegrityError { expected: *recorded, actual: digest });
        }
        Ok(Verified { bytes, digest, origin: Origin::Installed })
    }

    /// An author's working copy, named by path.
    pub fn unpacked(bytes: impl Into<Bytes>) -> Verified {
        let bytes = bytes.into();
        let digest = Digest::of(bytes.as_slice());
        Verified { bytes, digest, origin: Origin::Unpacked }
    }

    /// The bytes, to look at. What is compiled or kept comes from [`Verified::lasting`], since these
    /// may have changed after they were hashed.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.as_slice()
    }

    /// The same bytes, which stay what they are.
    ///
    /// Bytes that may change are copied, and the copy is hashed. Fails when it is another one.
    pub fn lasting(&self) -> Result<Verified, IntegrityError> {
        if self.bytes.lasting {
            return Ok(self.clone());
        }
        let copy = Verified::installed(self.bytes().to_vec(), &self.digest)?;
        Ok(Verified { origin: self.origin, ..copy })
    }

    /// What they hash to.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Where they come from.
    pub fn origin(&self) -> Origin {
        self.origin
    }
}

/// WebAssembly text that does not assemble.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct WatError {
    /// What is wrong, with an excerpt of the place.
    pub message: String,
}

/// Assembles WebAssembly text into a binary.
///
/// Never applied behind a caller's back: a binary that is really text is a parse error elsewhere.
pub fn from_wat(text: &str) -> Result<Vec<u8>, WatError> {
    wat::parse_str(text).map_err(|error| WatError { message: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installed_bytes_need_the_recorded_digest() {
        let recorded = Digest::of(b"one");
        let good = Verified::installed(b"one".to_vec(), &recorded).expect("the digest is right");
        assert_eq!((good.bytes(), good.origin()), (&b"one"[..], Origin::Installed));
        let bad = Verified::installed(b"two".to_vec(), &recorded).expect_err("it is not");
        assert_eq!(bad, IntegrityError { expected: recorded, actual: Digest::of(b"two") });
    }

    #[test]
    fn working_copies_are_hashed_and_say_what_they_are() {
        let copy = Verified::unpacked(Bytes::owned_by("three"));
        assert_eq!((copy.digest(), copy.origin()), (Digest::of(b"three"), Origin::Unpacked));
    }

    #[test]
    fn what_may_change_is_copied_and_hashed_once_more_before_it_is_used() {
        /// Shows other bytes each time that it is looked at.
        struct Changing(std::sync::atomic::AtomicUsize);
        impl AsRef<[u8]> for Changing {
            fn as_ref(&self) -> &[u8] {
                match self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
                    0 => b"before",
                    _ => b"after",
                }
            }
        }
        let changed = Verified::unpacked(Bytes::shown_by(Changing(0.into())));
        let error = changed.lasting().expect_err("they are others by now");
        assert_eq!((error.expected, error.actual), (Digest::of(b"before"), Digest::of(b"after")));

        let same =
            Verified::unpacked(Bytes::shown_by("same")).lasting().expect("they are the same");
        assert_eq!((same.bytes(), same.origin()), (&b"same"[..], Origin::Unpacked));
    }

    #[test]
    fn text_assembles_and_bad_text_says_where() {
        assert!(from_wat("(component)").expect("valid text").starts_with(b"\0asm"));
        let error = from_wat("(component (import))").expect_err("no name");
        assert!(error.message.contains("1:"), "{error}");
    }
}
