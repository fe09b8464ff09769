//! Detached signatures in the format of minisign: made, and checked against one key.
//!
//! What is signed is the file as it is, by its BLAKE2b hash; the older form that signs the whole text
//! is not read. Keys and signatures are text from outside: their form is checked before the library,
//! which takes lengths for granted, sees them.

pub mod signers;

use std::fmt;
use std::io::{self, Read, Seek};

/// Bytes of a decoded secret key.
const SECRET_KEY_BYTES: usize = 158;
/// Bytes of a decoded public key.
const PUBLIC_KEY_BYTES: usize = 42;
/// Bytes of a decoded signature with its algorithm and key id.
const SIGNATURE_BYTES: usize = 74;
/// Bytes of the decoded signature of the trusted comment.
const COMMENT_SIGNATURE_BYTES: usize = 64;
/// How a comment begins that nobody vouches for.
const UNTRUSTED: &str = "untrusted comment: ";
/// How a comment begins that is signed too.
const TRUSTED: &str = "trusted comment: ";

/// A key that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The text is no such key.
    #[error("it is no minisign {kind} key: {why}")]
    Malformed {
        /// `public` or `secret`.
        kind: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The key is encrypted and no password was given.
    #[error("the key is encrypted, and no password was given")]
    NoPassword,
    /// The key does not open with the password.
    #[error("the key does not open with this password")]
    WrongPassword,
    /// The two halves of the key do not belong together.
    #[error("the key is damaged")]
    Damaged,
}

/// Why there is no signature.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The key made one that it does not verify.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The file could not be read, or the system has no random bytes.
    #[error("cannot sign: {0}")]
    Failed(String),
    /// A comment is one line of text.
    #[error("a comment cannot hold a line break")]
    Comment,
}

/// A signature that proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum SignatureError {
    /// The text is no signature.
    #[error("it is no minisign signature: {why}")]
    Malformed {
        /// What is wrong with it.
        why: &'static str,
    },
    /// Another key made it.
    #[error("it was made with key {actual}, not with {expected}")]
    OtherKey {
        /// The key that it has to be.
        expected: KeyId,
        /// The key that it names.
        actual: KeyId,
    },
    /// The file, or the comment, is not what was signed.
    #[error("it does not belong to this file, or the file was changed")]
    Wrong,
    /// The file could not be read.
    #[error(transparent)]
    Read(#[from] io::Error),
}

/// What tells keys apart; for people, not a proof of anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyId([u8; 8]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016X}", u64::from_le_bytes(self.0))
    }
}

impl KeyId {
    fn of(number: &[u8]) -> KeyId {
        KeyId(number.try_into().unwrap_or_default())
    }
}

/// A key that signatures are checked against.
#[derive(Clone, Debug)]
pub struct PublicKey(minisign::PublicKey);

impl PartialEq for PublicKey {
    fn eq(&self, other: &PublicKey) -> bool {
        self.0.to_bytes() == other.0.to_bytes()
    }
}

impl PublicKey {
    /// Reads a key: the two lines of a key file, or its second one alone.
    pub fn parse(text: &str) -> Result<PublicKey, KeyError> {
        let malformed = |why| KeyError::Malformed { kind: "public", why };
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let mut line = lines.next().ok_or_else(|| malformed("it is empty"))?;
        if line.starts_with(UNTRUSTED.trim_end()) {
            line = lines.next().ok_or_else(|| malformed("the second line is missing"))?;
        }
        let bytes = decode(line).ok_or_else(|| malformed("it is not in base64"))?;
        if bytes.len() != PUBLIC_KEY_BYTES || !bytes.starts_with(b"Ed") {
            return Err(malformed("it has another length or algorithm"));
        }
        let key = minisign::PublicKey::from_bytes(&bytes);
        key.map(PublicKey).map_err(|_| malformed("it is damaged"))
    }

    /// What tells it apart from others.
    pub fn id(&self) -> KeyId {
        KeyId::of(self.0.keynum())
    }

    /// Checks a signature of `data`, and gives the comment that was signed with it.
    pub fn verify(
        &self,
        data: impl Read + Seek,
        signature: &str,
    ) -> Result<String, SignatureError> {
        let signature = parse_signature(signature)?;
        let actual = KeyId::of(signature.keynum());
        if actual != self.id() {
            return Err(SignatureError::OtherKey { expected: self.id(), actual });
        }
        let mut data = Watched { inner: data, failed: None };
        let verified = minisign::verify(&self.0, &signature, &mut data, true, false, false);
        match (data.failed, verified) {
            (Some(error), _) => Err(SignatureError::Read(error)),
            (None, Err(_)) => Err(SignatureError::Wrong),
            (None, Ok(())) => signature.trusted_comment().map_err(|_| SignatureError::Wrong),
        }
    }
}

/// A secret key as it is in its file.
pub struct SecretKeyFile {
    text: String,
    bytes: Vec<u8>,
}

/// A key that signatures are made with.
pub struct SecretKey(minisign::SecretKey);

impl SecretKeyFile {
    /// Reads the two lines of a key file.
    pub fn parse(text: &str) -> Result<SecretKeyFile, KeyError> {
        let malformed = |why| KeyError::Malformed { kind: "secret", why };
        let line = text.lines().nth(1).ok_or_else(|| malformed("the second line is missing"))?;
        let bytes = decode(line.trim()).ok_or_else(|| malformed("it is not in base64"))?;
        if bytes.len() != SECRET_KEY_BYTES || !bytes.starts_with(b"Ed") {
            return Err(malformed("it has another length or algorithm"));
        }
        Ok(SecretKeyFile { text: text.to_owned(), bytes })
    }

    /// Whether it opens with a password only.
    pub fn is_encrypted(&self) -> bool {
        self.bytes[2..4] != [0, 0]
    }

    /// Opens the key.
    pub fn open(self, password: Option<String>) -> Result<SecretKey, KeyError> {
        if !self.is_encrypted() {
            // Not from the text: the library wants a check sum, which minisign writes for encrypted
            // keys only. A damaged key shows when it signs.
            let key = minisign::SecretKey::from_bytes(&self.bytes);
            return key.map(SecretKey).map_err(|_| KeyError::Damaged);
        }
        let password = password.ok_or(KeyError::NoPassword)?;
        let boxed = minisign::SecretKeyBox::from(self.text);
        let key = boxed.into_secret_key(Some(password));
        key.map(SecretKey).map_err(|_| KeyError::WrongPassword)
    }
}

impl SecretKey {
    /// What tells it apart from others.
    pub fn id(&self) -> KeyId {
        KeyId::of(self.0.keynum())
    }

    /// The text of a signature of `data`; the comment is signed with it.
    pub fn sign(&self, data: impl Read, comment: &str) -> Result<String, SignError> {
        if comment.contains(['\n', '\r']) {
            return Err(SignError::Comment);
        }
        let public = minisign::PublicKey::from_secret_key(&self.0);
        let public = public.map_err(|_| KeyError::Damaged)?;
        let untrusted = format!("signature from key {}", self.id());
        let signed = minisign::sign(Some(&public), &self.0, data, Some(comment), Some(&untrusted));
        match signed {
            Ok(signature) => Ok(signature.into_string()),
            Err(error) if matches!(error.kind(), minisign::ErrorKind::Verify) => {
                Err(KeyError::Damaged.into())
            }
            Err(error) => Err(SignError::Failed(error.to_string())),
        }
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({})", self.id())
    }
}

/// Reads a signature whose every part has the length that it has to have.
fn parse_signature(text: &str) -> Result<minisign::SignatureBox, SignatureError> {
    let malformed = |why| SignatureError::Malformed { why };
    let lines: Vec<&str> = text.lines().take(4).collect();
    let [first, signature, third, of_comment] = lines[..] else {
        return Err(malformed("it has less than four lines"));
    };
    if !first.starts_with(UNTRUSTED) || !third.starts_with(TRUSTED) {
        return Err(malformed("a comment is missing"));
    }
    let length = |line: &str| decode(line.trim()).map(|bytes| bytes.len());
    if length(of_comment) != Some(COMMENT_SIGNATURE_BYTES) {
        return Err(malformed("the signature of the comment has another length"));
    }
    let bytes = decode(signature.trim()).filter(|bytes| bytes.len() == SIGNATURE_BYTES);
    match bytes.as_deref().map(|bytes| &bytes[..2]) {
        Some(b"ED") => {}
        Some(b"Ed") => return Err(malformed("it is in the older form, which is not read")),
        _ => return Err(malformed("it has another length or algorithm")),
    }
    minisign::SignatureBox::from_string(text).map_err(|_| malformed("it is damaged"))
}

/// Remembers that reading failed, which the library tells as text.
struct Watched<R> {
    inner: R,
    failed: Option<io::Error>,
}

impl<R: Read> Read for &mut Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer);
        if let Err(error) = &read
            && error.kind() != io::ErrorKind::Interrupted
        {
            self.failed = Some(io::Error::new(error.kind(), error.to_string()));
        }
        read
    }
}

impl<R: Seek> Seek for &mut Watched<R> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

/// Decodes base64 with its padding; nothing when the text is not that.
fn decode(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    if !text.len().is_multiple_of(4) || text.len() - digits.len() > 2 {
        return None;
    }
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::with_capacity(text.len() / 4 * 3));
    for digit in digits.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
            bits &= (1 << count) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests;
