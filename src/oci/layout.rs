//! A layout directory: `oci-layout`, `index.json`, and blobs under their digests.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::document::Index;
use super::{OciError, Sha, Store, Which};
use crate::limits::OCI_DOCUMENT_BYTES_MAX;

/// The version that there is.
const VERSION: &str = "1.0.0";

/// A layout directory.
#[derive(Debug)]
pub struct Layout {
    dir: PathBuf,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Marker {
    image_layout_version: String,
}

impl Layout {
    /// The layout in a directory, which has to say that it is one.
    pub fn open(dir: &Path) -> Result<Layout, OciError> {
        let not_one = || OciError::NotALayout { path: dir.to_owned() };
        let marker = dir.join("oci-layout");
        if !marker.is_file() {
            return Err(not_one());
        }
        let marker: Marker = serde_json::from_slice(&document(&marker)?).map_err(|_| not_one())?;
        if marker.image_layout_version != VERSION {
            return Err(not_one());
        }
        Ok(Layout { dir: dir.to_owned() })
    }

    fn path(&self, digest: &Sha) -> PathBuf {
        self.dir.join("blobs/sha256").join(digest.hex())
    }
}

impl Store for Layout {
    fn document(&mut self, which: Which<'_>) -> Result<Vec<u8>, OciError> {
        match which {
            Which::Digest(digest) => document(&self.path(digest)),
            Which::Tag(tag) => {
                let index = Index::parse(&document(&self.dir.join("index.json"))?)?;
                let chosen = index.choose(tag)?;
                let text = document(&self.path(&chosen.digest))?;
                // The index is what vouches for it.
                super::check("the document", &chosen.digest, &Sha::of(&text))?;
                Ok(text)
            }
        }
    }

    fn blob(
        &mut self,
        digest: &Sha,
        into: &mut dyn Write,
        limit_bytes: u64,
    ) -> Result<(), OciError> {
        let path = self.path(digest);
        let failed = |source| OciError::Disk { path: path.clone(), source };
        let file = open(&path)?;
        let copied = std::io::copy(&mut file.take(limit_bytes + 1), into);
        copied.map(drop).map_err(failed)
    }
}

/// Opens a file, and nothing else: a pipe would be waited for.
fn open(path: &Path) -> Result<File, OciError> {
    let failed = |source| OciError::Disk { path: path.to_owned(), source };
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(failed(std::io::Error::other("it is not a file")));
    }
    File::open(path).map_err(failed)
}

fn document(path: &Path) -> Result<Vec<u8>, OciError> {
    let limit_bytes = OCI_DOCUMENT_BYTES_MAX;
    let mut text = Vec::new();
    let read = open(path)?.take(limit_bytes + 1).read_to_end(&mut text);
    read.map_err(|source| OciError::Disk { path: path.to_owned(), source })?;
    if text.len() as u64 > limit_bytes {
        return Err(OciError::TooLarge { what: "a document", limit_bytes });
    }
    Ok(text)
}
