//! The blobs that an install brings along: staged beside its tree, moved into place once it is
//! decided.
//!
//! So an install that comes to nothing leaves no blob behind that nobody uses, and one that is
//! finished after a crash needs nothing but its staging.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Store;
use super::blob::BlobState;
use super::disk::{DiskError, PRIVATE_DIR, PUBLIC_FILE};
use super::hash::Hash;
use super::journal::Container;
use super::tree::{Tree, TreeError};
use crate::limits;

/// What of a blob that is there already is taken for granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// Nothing: it is hashed.
    Nothing,
    /// Its content: it was hashed a moment ago.
    Presence,
}

impl Store {
    /// Stages a binary that the home lacks.
    pub(super) fn stage_binary(
        &self,
        container: &Container,
        hash: &Hash,
        bytes: &[u8],
        trust: Trust,
    ) -> Result<(), DiskError> {
        if bytes.len() as u64 > limits::BINARY_BYTES_MAX {
            let limit_bytes = limits::BINARY_BYTES_MAX;
            return Err(DiskError::TooLarge { path: self.home.binary(hash), limit_bytes });
        }
        let place = self.home.binary(hash);
        if self.lacks(container, &place, trust, || self.binary_state(hash))? {
            self.stage_blob(container, &place, bytes)?;
        }
        Ok(())
    }

    /// Stages the WIT files of a tree that the home lacks; they must still be what they were.
    pub(super) fn stage_wits(
        &self,
        container: &Container,
        tree: &Tree,
        trust: Trust,
    ) -> Result<(), TreeError> {
        for wit in &tree.wits {
            let place = self.home.wit(&wit.hash);
            if self.lacks(container, &place, trust, || self.wit_state(&wit.hash))? {
                let bytes = self.read_wit(&wit.from)?;
                if Hash::of(&bytes) != wit.hash {
                    return Err(TreeError::Changed { path: wit.from.clone() });
                }
                self.stage_blob(container, &place, &bytes)?;
            }
        }
        Ok(())
    }

    /// Whether a blob is neither in its place nor staged.
    fn lacks(
        &self,
        container: &Container,
        place: &Path,
        trust: Trust,
        state: impl FnOnce() -> Result<BlobState, DiskError>,
    ) -> Result<bool, DiskError> {
        if self.disk.stat(&staged(container, place))?.is_some() {
            return Ok(false);
        }
        match trust {
            Trust::Nothing => Ok(state()? != BlobState::Intact),
            Trust::Presence => Ok(self.disk.stat(place)?.is_none()),
        }
    }

    fn stage_blob(
        &self,
        container: &Container,
        place: &Path,
        bytes: &[u8],
    ) -> Result<(), DiskError> {
        self.make_dirs(&container.blobs(), PRIVATE_DIR)?;
        self.disk.write_new(&staged(container, place), bytes, PUBLIC_FILE)?;
        self.disk.sync(&container.blobs())
    }

    /// The staged blobs whose place is empty.
    pub(super) fn new_blobs(&self, container: &Container) -> Result<Vec<PathBuf>, DiskError> {
        let mut new = Vec::new();
        for (_, place) in self.staged_blobs(container)? {
            if self.disk.stat(&place)?.is_none() {
                new.push(place);
            }
        }
        Ok(new)
    }

    /// Moves the staged blobs into place, over damaged ones. May be repeated.
    pub(super) fn place_blobs(&self, container: &Container) -> Result<(), DiskError> {
        let mut changed = BTreeSet::new();
        for (staged, place) in self.staged_blobs(container)? {
            let dir = place.parent().unwrap_or(Path::new("/")).to_owned();
            self.make_dirs(&dir, PRIVATE_DIR)?;
            self.disk.rename(&staged, &place)?;
            changed.insert(dir);
        }
        changed.iter().try_for_each(|dir| self.disk.sync(dir))
    }

    /// Moves blobs back to staging, where [`Store::place_blobs`] finds them again.
    pub(super) fn unplace_blobs(
        &self,
        container: &Container,
        blobs: &[PathBuf],
    ) -> Result<(), DiskError> {
        for place in blobs {
            if self.disk.stat(&staged(container, place))?.is_none() {
                self.disk.rename(place, &staged(container, place))?;
            }
        }
        Ok(())
    }

    /// The staged blobs, and where each belongs.
    fn staged_blobs(&self, container: &Container) -> Result<Vec<(PathBuf, PathBuf)>, DiskError> {
        let dir = container.blobs();
        let binaries = self.blobs_in(&dir, "wasm")?.into_iter();
        let wits = self.blobs_in(&dir, "wit")?.into_iter();
        let binaries = binaries.map(|(staged, hash)| (staged, self.home.binary(&hash)));
        Ok(binaries.chain(wits.map(|(staged, hash)| (staged, self.home.wit(&hash)))).collect())
    }
}

/// A blob has the same name in staging as in its place.
fn staged(container: &Container, place: &Path) -> PathBuf {
    container.blobs().join(place.file_name().unwrap_or_default())
}
