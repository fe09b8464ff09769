//! `capsule.pack/1`: an archive that was made.

use std::path::Path;

use serde::Serialize;

use super::number::size;
use super::table::cell;
use crate::component::Digest;
use crate::manifest::Package;

/// An archive that was made.
#[derive(Debug, Serialize)]
pub struct PackReport {
    schema: &'static str,
    name: String,
    version: String,
    path: String,
    /// Files in the archive.
    files: usize,
    /// Their bytes together.
    content_bytes: u64,
    /// Bytes of the archive.
    size_bytes: u64,
    /// BLAKE3 of the archive.
    archive_hash: String,
}

impl PackReport {
    /// The report on an archive with this content.
    pub fn new(
        package: &Package,
        path: &Path,
        files: usize,
        content_bytes: u64,
        archive: &[u8],
    ) -> PackReport {
        PackReport {
            schema: "capsule.pack/1",
            name: package.id.to_string(),
            version: package.version.to_string(),
            path: path.display().to_string(),
            files,
            content_bytes,
            size_bytes: archive.len() as u64,
            archive_hash: Digest::of(archive).to_string(),
        }
    }

    /// Two lines for people: what was packed, and what the archive hashes to.
    pub fn text(&self) -> String {
        format!(
            "packed {} {} into {}: {} files, {} of {}\nblake3 {}\n",
            self.name,
            self.version,
            cell(&self.path),
            self.files,
            size(self.size_bytes),
            size(self.content_bytes),
            self.archive_hash
        )
    }
}
