//! Capsules as OCI artifacts: an image manifest, one of whose layers is a `.capsule` archive.
//!
//! An artifact is in a layout directory ([`layout`]) or in a registry ([`registry`]). Either gives
//! documents and blobs by their digest, and nothing that has another digest or size than the document
//! that names it gets any further. The layer is the one whose title ends in `.capsule`, as clients name
//! the file that they were given, or the only one.

mod document;
pub mod layout;
mod reference;
pub mod registry;

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

use sha2::Digest as _;
use sha2::Sha256;

use crate::limits::{OCI_DOCUMENT_BYTES_MAX, OCI_INDEXES_MAX};
pub use document::Descriptor;
use document::{Document, Manifest};
pub use reference::{Place, Reference, Sha};

/// An artifact that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OciError {
    /// What was typed names nothing.
    #[error("{text:?} names no artifact: {why}")]
    Reference {
        /// What was typed.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The directory is no OCI layout of a known version.
    #[error("{} is no OCI layout of version 1", path.display())]
    NotALayout {
        /// The directory.
        path: PathBuf,
    },
    /// A file could not be read or written.
    #[error("cannot use {}", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A document is no valid index or manifest.
    #[error("the {what} is not a valid OCI document")]
    Document {
        /// Which one.
        what: &'static str,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A document or blob is of a kind that holds no capsule.
    #[error("{media_type:?} is neither an OCI index nor an image manifest")]
    Kind {
        /// Its media type.
        media_type: String,
    },
    /// A digest is not one of SHA-256.
    #[error("{text:?} is no SHA-256 digest")]
    Digest {
        /// The digest.
        text: String,
    },
    /// Something has another digest than the one it is named by.
    #[error("{what} has the digest {found}, not {expected}")]
    Other {
        /// What.
        what: &'static str,
        /// By which it is named.
        expected: Sha,
        /// Which it has.
        found: Sha,
    },
    /// Something has another size than the document that names it says.
    #[error("{what} has not the {expected} bytes that its descriptor names")]
    Size {
        /// What.
        what: &'static str,
        /// The size that was named.
        expected: u64,
    },
    /// Something is too large.
    #[error("{what} has more than {limit_bytes} bytes")]
    TooLarge {
        /// What.
        what: &'static str,
        /// The cap.
        limit_bytes: u64,
    },
    /// No artifact has this tag, or this digest.
    #[error("there is no {wanted} here{}", listed(known))]
    None {
        /// The tag or digest.
        wanted: String,
        /// The tags that there are.
        known: Vec<String>,
    },
    /// The name leads to several artifacts.
    #[error("there are {count} artifacts{}", listed(known))]
    Several {
        /// How many.
        count: usize,
        /// The tags that there are.
        known: Vec<String>,
    },
    /// Indexes lead to indexes without end.
    #[error("indexes are nested more than {OCI_INDEXES_MAX} deep")]
    TooDeep,
    /// None of the layers is a capsule, or several may be.
    #[error(
        "of the {layers} layers, {candidates} have a title that ends in .capsule: it has to be one"
    )]
    NoCapsule {
        /// How many layers there are.
        layers: usize,
        /// How many are named like a capsule.
        candidates: usize,
    },
    /// A registry did not give what it was asked for.
    #[error(transparent)]
    Registry(#[from] registry::RegistryError),
}

fn listed(known: &[String]) -> String {
    const SHOWN: usize = 10;
    match known {
        [] => String::new(),
        known => {
            let more = if known.len() > SHOWN { ", …" } else { "" };
            format!("; tags: {}{more}", known[..known.len().min(SHOWN)].join(", "))
        }
    }
}

/// Where documents and blobs are had from. What it gives has not been checked.
pub trait Store {
    /// A document, of at most [`OCI_DOCUMENT_BYTES_MAX`].
    fn document(&mut self, which: Which<'_>) -> Result<Vec<u8>, OciError>;

    /// Writes a blob, at most `limit_bytes` of it and one more.
    fn blob(
        &mut self,
        digest: &Sha,
        into: &mut dyn Write,
        limit_bytes: u64,
    ) -> Result<(), OciError>;
}

/// Which document.
#[derive(Clone, Copy, Debug)]
pub enum Which<'a> {
    /// The one that the reference names by a tag; without one the only one that there is, or the
    /// latest.
    Tag(Option<&'a str>),
    /// The one with this digest.
    Digest(&'a Sha),
}

/// A capsule out of an artifact.
#[derive(Debug)]
pub struct Pulled {
    /// The digest of the artifact's manifest, which names these very bytes from now on.
    pub manifest: Sha,
    /// The descriptor of the archive.
    pub layer: Descriptor,
}

/// Finds the artifact of a reference and writes its archive to `into`, of at most `limit_bytes`.
///
/// When it fails, what was written is of no use.
pub fn pull(
    reference: &Reference,
    store: &mut dyn Store,
    into: &mut File,
    limit_bytes: u64,
) -> Result<Pulled, OciError> {
    let which =
        reference.digest.as_ref().map_or(Which::Tag(reference.tag.as_deref()), Which::Digest);
    let mut text = store.document(which)?;
    let mut digest = Sha::of(&text);
    let mut expected = reference.digest.clone();
    for depth in 0..=OCI_INDEXES_MAX {
        if let Some(expected) = expected {
            check("the document", &expected, &digest)?;
        }
        let index = match Document::parse(&text)? {
            Document::Manifest(manifest) => {
                let layer = capsule(&manifest)?.clone();
                fetch(&layer, store, into, limit_bytes)?;
                return Ok(Pulled { manifest: digest, layer });
            }
            Document::Index(index) => index,
        };
        if depth == OCI_INDEXES_MAX {
            break;
        }
        let next = index.choose(None)?;
        if next.size > OCI_DOCUMENT_BYTES_MAX {
            let limit_bytes = OCI_DOCUMENT_BYTES_MAX;
            return Err(OciError::TooLarge { what: "a document", limit_bytes });
        }
        text = store.document(Which::Digest(&next.digest))?;
        if text.len() as u64 != next.size {
            return Err(OciError::Size { what: "a document", expected: next.size });
        }
        digest = Sha::of(&text);
        expected = Some(next.digest.clone());
    }
    Err(OciError::TooDeep)
}

fn check(what: &'static str, expected: &Sha, found: &Sha) -> Result<(), OciError> {
    if expected == found {
        return Ok(());
    }
    Err(OciError::Other { what, expected: expected.clone(), found: found.clone() })
}

/// The layer that is a capsule.
fn capsule(manifest: &Manifest) -> Result<&Descriptor, OciError> {
    let named: Vec<&Descriptor> =
        manifest.layers.iter().filter(|layer| layer.is_named_like_a_capsule()).collect();
    match (named.as_slice(), manifest.layers.as_slice()) {
        ([named], _) => Ok(*named),
        ([], [only]) => Ok(only),
        _ => Err(OciError::NoCapsule { layers: manifest.layers.len(), candidates: named.len() }),
    }
}

/// Writes a layer while its digest is taken.
fn fetch(
    layer: &Descriptor,
    store: &mut dyn Store,
    into: &mut File,
    limit_bytes: u64,
) -> Result<(), OciError> {
    const WHAT: &str = "the archive";
    if layer.size > limit_bytes {
        return Err(OciError::TooLarge { what: WHAT, limit_bytes });
    }
    let mut sum = Summing { into, hasher: Sha256::new(), bytes: 0 };
    store.blob(&layer.digest, &mut sum, layer.size)?;
    let Summing { hasher, bytes, .. } = sum;
    if bytes != layer.size {
        return Err(OciError::Size { what: WHAT, expected: layer.size });
    }
    check(WHAT, &layer.digest, &Sha::from_bytes(&hasher.finalize()))
}

/// Takes the digest of what is written.
struct Summing<'a> {
    into: &'a mut File,
    hasher: Sha256,
    bytes: u64,
}

impl Write for Summing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.into.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.into.flush()
    }
}

#[cfg(test)]
mod tests;
