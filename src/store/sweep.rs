//! Blobs that no capsule uses any more.
//!
//! Other workspaces may use blobs of the same home, so the caller names every site that counts. If
//! the metadata of any capsule there cannot be read, nothing is known to be unused.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Store;
use super::aside::is_aside;
use super::disk::DiskError;
use super::hash::Hash;
use super::layout::Site;
use super::meta::{Meta, MetaError};

/// Why no blob was removed.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// A directory could not be read, or a blob not removed.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// A capsule may use any blob.
    #[error("it is not known which blobs {} uses", dir.display())]
    Unknown {
        /// Its directory.
        dir: PathBuf,
        /// Why its metadata could not be read.
        source: MetaError,
    },
}

impl Store {
    /// The blobs that no capsule of these sites uses.
    pub fn unused_blobs(&self, sites: &[Site]) -> Result<Vec<PathBuf>, SweepError> {
        let mut used = BTreeSet::new();
        for site in sites {
            self.collect(site.capsules(), Path::new(""), &mut used)?;
            self.collect(site.previous_versions(), Path::new(""), &mut used)?;
            // An install that was decided uses its blobs before it is carried out.
            self.collect(&site.staging(), Path::new("tree"), &mut used)?;
        }
        let mut blobs = self.blobs_in(&self.home.binaries(), "wasm")?;
        blobs.extend(self.blobs_in(&self.home.wits(), "wit")?);
        Ok(blobs
            .into_iter()
            .filter(|(_, hash)| !used.contains(hash))
            .map(|(path, _)| path)
            .collect())
    }

    /// Removes the blobs that no capsule of these sites uses, and returns what they were.
    ///
    /// An install that is under way stores its blobs again before it becomes visible.
    pub fn sweep(&self, sites: &[Site]) -> Result<Vec<PathBuf>, SweepError> {
        let _lock = self.commit_lock()?;
        let unused = self.unused_blobs(sites)?;
        for path in &unused {
            self.disk.remove_file(path)?;
        }
        Ok(unused)
    }

    /// Removes a file of the cache, which can be made again. That it is gone already is fine.
    pub fn remove_cached(&self, path: &Path) -> Result<(), DiskError> {
        self.disk.remove_file(path)
    }

    /// Adds the digests that the capsules in `dir` use, each in `inner` of its directory.
    fn collect(
        &self,
        dir: &Path,
        inner: &Path,
        used: &mut BTreeSet<Hash>,
    ) -> Result<(), SweepError> {
        let names = match self.disk.list(dir) {
            Ok(names) => names,
            Err(error) if error.is_missing() => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        // What was set aside is looked at by nobody, and keeps nothing.
        for name in names.iter().filter(|name| !is_aside(name)) {
            let dir = dir.join(name).join(inner);
            match self.meta(&dir) {
                Ok(meta) => used.extend(hashes(&meta)),
                Err(MetaError::Missing { .. }) => {}
                Err(source) => return Err(SweepError::Unknown { dir, source }),
            }
        }
        Ok(())
    }
}

fn hashes(meta: &Meta) -> impl Iterator<Item = Hash> {
    let texts = meta.wasm_hash.iter().chain(meta.wit_files.values());
    texts.filter_map(|text| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::Scratch;

    #[test]
    fn only_blobs_that_no_capsule_uses_go() {
        let scratch = Scratch::new();
        let store = scratch.store();
        let meta = scratch.install("c", "1.0.0").meta;
        let (unused, _) = store.put_binary(b"unused").expect("room");
        let (stale, _) = store.put_wit(b"unused").expect("room");
        let home = store.home();
        let swept = store.sweep(&[scratch.site()]).expect("room");
        assert_eq!(swept, [home.binary(&unused), home.wit(&stale)]);
        let used = meta.binary().expect("recorded").expect("a hash");
        assert!(home.binary(&used).exists());
    }

    #[test]
    fn nothing_goes_while_a_capsule_cannot_be_read() {
        let scratch = Scratch::new();
        let installed = scratch.install("c", "1.0.0");
        std::fs::write(installed.dir.join("meta.json"), "{").expect("own file");
        scratch.store().put_binary(b"unused").expect("room");
        let swept = scratch.store().sweep(&[scratch.site()]);
        assert!(matches!(swept, Err(SweepError::Unknown { .. })));
    }
}
