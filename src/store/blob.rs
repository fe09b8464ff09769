//! Binaries and WIT files by digest.
//!
//! A blob's name is the digest of its content. An existing one is not believed: it is hashed, and
//! replaced when it turns out to be damaged.

use std::path::{Path, PathBuf};

use super::Store;
use super::disk::{DiskError, Links, PRIVATE_DIR, PUBLIC_FILE};
use super::hash::Hash;
use crate::limits;

/// What putting a blob did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is new.
    Written,
    /// It was there already, undamaged.
    Present,
    /// It was there, but not what its name says, and has been replaced.
    Healed,
}

/// What is in the place of a blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlobState {
    /// Nothing.
    Missing,
    /// What its name says.
    Intact,
    /// Something with another digest, or too large to be such a blob.
    Damaged {
        /// The digest of what is there, if it was hashed.
        actual: Option<Hash>,
    },
}

impl Store {
    /// Stores a capsule's binary and returns its digest. The caller holds the commit lock, unless nobody
    /// else uses the home.
    pub fn put_binary(&self, bytes: &[u8]) -> Result<(Hash, Put), DiskError> {
        let hash = Hash::of(bytes);
        let put = self.put(&self.home.binary(&hash), &hash, bytes, limits::BINARY_BYTES_MAX)?;
        Ok((hash, put))
    }

    /// Stores a WIT file and returns its digest, under the same condition.
    pub fn put_wit(&self, bytes: &[u8]) -> Result<(Hash, Put), DiskError> {
        let hash = Hash::of(bytes);
        let put = self.put(&self.home.wit(&hash), &hash, bytes, limits::WIT_FILE_BYTES_MAX)?;
        Ok((hash, put))
    }

    /// What is in the place of the binary with this digest.
    pub fn binary_state(&self, hash: &Hash) -> Result<BlobState, DiskError> {
        self.blob_state(&self.home.binary(hash), hash, limits::BINARY_BYTES_MAX)
    }

    /// What is in the place of the WIT file with this digest.
    pub fn wit_state(&self, hash: &Hash) -> Result<BlobState, DiskError> {
        self.blob_state(&self.home.wit(hash), hash, limits::WIT_FILE_BYTES_MAX)
    }

    fn put(
        &self,
        path: &Path,
        hash: &Hash,
        bytes: &[u8],
        limit_bytes: u64,
    ) -> Result<Put, DiskError> {
        if bytes.len() as u64 > limit_bytes {
            return Err(DiskError::TooLarge { path: path.to_owned(), limit_bytes });
        }
        let put = match self.blob_state(path, hash, limit_bytes)? {
            BlobState::Intact => return Ok(Put::Present),
            BlobState::Missing => Put::Written,
            BlobState::Damaged { .. } => Put::Healed,
        };
        self.make_dirs(path.parent().unwrap_or(Path::new("/")), PRIVATE_DIR)?;
        self.replace_file_locked(path, bytes, PUBLIC_FILE)?;
        Ok(put)
    }

    pub(super) fn blob_state(
        &self,
        path: &Path,
        hash: &Hash,
        limit_bytes: u64,
    ) -> Result<BlobState, DiskError> {
        match self.disk.read(path, Links::Follow, limit_bytes) {
            Ok(bytes) => {
                let actual = Hash::of(&bytes);
                if actual == *hash {
                    return Ok(BlobState::Intact);
                }
                Ok(BlobState::Damaged { actual: Some(actual) })
            }
            Err(error) if error.is_missing() => Ok(BlobState::Missing),
            Err(DiskError::TooLarge { .. }) => Ok(BlobState::Damaged { actual: None }),
            Err(error) => Err(error),
        }
    }

    /// The blobs in a directory, and what else lies there under a name that is not one.
    pub(super) fn blobs_in(
        &self,
        dir: &Path,
        extension: &str,
    ) -> Result<Vec<(PathBuf, Hash)>, DiskError> {
        let names = match self.disk.list(dir) {
            Ok(names) => names,
            Err(error) if error.is_missing() => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let blob = |name: PathBuf| {
            let hash = name.to_str()?.strip_suffix(extension)?.strip_suffix('.')?.parse().ok()?;
            Some((dir.join(&name), hash))
        };
        Ok(names.into_iter().filter_map(blob).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::Scratch;

    #[test]
    fn a_damaged_blob_is_healed_and_an_intact_one_left_alone() {
        let scratch = Scratch::new();
        let store = scratch.store();
        let (hash, put) = store.put_binary(b"code").expect("room");
        assert_eq!(put, Put::Written);
        assert_eq!(store.put_binary(b"code").expect("room").1, Put::Present);

        for damage in [&b"cod"[..], b"", b"more code than before"] {
            std::fs::write(store.home().binary(&hash), damage).expect("a scratch file");
            assert!(matches!(store.binary_state(&hash), Ok(BlobState::Damaged { .. })));
            assert_eq!(store.put_binary(b"code").expect("room").1, Put::Healed);
            assert_eq!(store.binary_state(&hash).expect("readable"), BlobState::Intact);
        }
    }

    #[test]
    fn a_wit_file_of_one_mebibyte_fits_and_one_byte_more_does_not() {
        let scratch = Scratch::new();
        let store = scratch.store();
        assert!(store.put_wit(&vec![b' '; 1 << 20]).is_ok());
        assert!(matches!(
            store.put_wit(&vec![b' '; (1 << 20) + 1]),
            Err(DiskError::TooLarge { limit_bytes: 1_048_576, .. })
        ));
    }
}
