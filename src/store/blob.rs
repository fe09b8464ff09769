//! Binaries and WIT files by digest.
//!
//! A blob's name is the digest of its content. An existing one is not believed: it is hashed, and
//! replaced when it turns out to be damaged.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::Store;
use super::disk::{DiskError, Links, PRIVATE_DIR, PUBLIC_FILE, failed};
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

/// Who takes part in hashing one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Threads {
    /// Whoever asks: the others have files of their own.
    One,
    /// All processors.
    All,
}

impl Threads {
    /// What is read at once: what stays in a processor's cache, or enough to share.
    fn piece_bytes(self) -> usize {
        match self {
            Threads::One => 64 << 10,
            Threads::All => 2 << 20,
        }
    }
}

/// Reads until the buffer is full or the file is over.
fn read_full(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while read < buffer.len() {
        match file.read(&mut buffer[read..]) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
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
        self.blob_state(&self.home.binary(hash), hash, limits::BINARY_BYTES_MAX, Threads::All)
    }

    /// What is in the place of the WIT file with this digest.
    pub fn wit_state(&self, hash: &Hash) -> Result<BlobState, DiskError> {
        self.blob_state(&self.home.wit(hash), hash, limits::WIT_FILE_BYTES_MAX, Threads::One)
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
        let put = match self.blob_state(path, hash, limit_bytes, Threads::All)? {
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
        threads: Threads,
    ) -> Result<BlobState, DiskError> {
        match self.hash_of(path, limit_bytes, threads) {
            Ok(actual) => {
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

    /// The digest of a file, which is not held in memory as a whole.
    fn hash_of(&self, path: &Path, limit_bytes: u64, threads: Threads) -> Result<Hash, DiskError> {
        let mut file =
            self.disk.open_read(path, Links::Follow)?.take(limit_bytes.saturating_add(1));
        let mut piece = vec![0; threads.piece_bytes()];
        let mut hasher = blake3::Hasher::new();
        loop {
            let read = read_full(&mut file, &mut piece).map_err(failed("read", path))?;
            match threads {
                Threads::One => hasher.update(&piece[..read]),
                Threads::All => hasher.update_rayon(&piece[..read]),
            };
            if read < piece.len() {
                break;
            }
        }
        if hasher.count() > limit_bytes {
            return Err(DiskError::TooLarge { path: path.to_owned(), limit_bytes });
        }
        Ok(Hash::from(hasher.finalize()))
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
