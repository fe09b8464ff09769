//! The binary of an installed capsule: only what has the recorded digest comes out of here.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use super::Store;
use super::disk::{DiskError, Links};
use super::hash::{Hash, HashError};
use super::layout;
use super::meta::{Meta, MetaError};
use crate::limits;

/// A binary that has the digest recorded for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binary {
    /// Where it was read.
    pub path: PathBuf,
    /// The recorded digest, which is that of `bytes`.
    pub hash: Hash,
    /// The content.
    pub bytes: Vec<u8>,
}

/// Why an installed capsule's binary is not to be trusted. Every case is one of integrity.
#[derive(Debug, thiserror::Error)]
pub enum IntegrityError {
    /// There is no usable metadata, so nothing to compare with.
    #[error(transparent)]
    Meta(#[from] MetaError),
    /// The metadata records no digest.
    #[error("no hash is recorded for the binary of {}", dir.display())]
    NoHash {
        /// The capsule's directory.
        dir: PathBuf,
    },
    /// The metadata records something that is not a digest.
    #[error("the hash recorded for the binary of {} is malformed", dir.display())]
    BadHash {
        /// The capsule's directory.
        dir: PathBuf,
        /// What is recorded.
        source: HashError,
    },
    /// There is no binary with the recorded digest.
    #[error("the binary {} is missing", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
        /// The recorded digest.
        expected: Hash,
    },
    /// The binary could not be read.
    #[error(transparent)]
    Unreadable(DiskError),
    /// The binary is not the one that was installed.
    #[error("the hash of {} is {actual}, not {expected} as recorded", path.display())]
    Mismatch {
        /// The binary.
        path: PathBuf,
        /// The recorded digest.
        expected: Hash,
        /// The digest of what is there.
        actual: Hash,
    },
}

/// Which binaries there are, without a look at any of them.
#[derive(Debug, Default)]
pub struct Binaries(HashSet<PathBuf>);

impl Binaries {
    /// Whether there is one with this digest.
    pub fn has(&self, hash: &Hash) -> bool {
        self.0.contains(layout::binary_name(hash).as_path())
    }
}

impl Store {
    /// The binaries that there are. Of those that cannot be told, none is.
    pub fn binaries(&self) -> Binaries {
        Binaries(self.disk.list(&self.home.binaries()).unwrap_or_default().into_iter().collect())
    }

    /// The digest that is recorded for the capsule in `dir`.
    pub fn recorded_hash(&self, dir: &Path) -> Result<Hash, IntegrityError> {
        hash_in(&self.meta(dir)?, dir)
    }

    /// Where the binary of the capsule in `dir` is, and the digest it must have.
    ///
    /// It is the file that the manifest names, in the capsule's directory, or else the blob with
    /// that digest. A name that leads out of the directory is not followed.
    pub fn locate_binary(
        &self,
        dir: &Path,
        file: &Path,
    ) -> Result<(PathBuf, Hash), IntegrityError> {
        self.locate_recorded(&self.meta(dir)?, dir, file)
    }

    /// The same for somebody who has read the capsule's metadata.
    pub fn locate_recorded(
        &self,
        meta: &Meta,
        dir: &Path,
        file: &Path,
    ) -> Result<(PathBuf, Hash), IntegrityError> {
        let hash = hash_in(meta, dir)?;
        if stays_inside(file) {
            let beside = dir.join(file);
            if self.disk.stat(&beside).map_err(IntegrityError::Unreadable)?.is_some() {
                return Ok((beside, hash));
            }
        }
        Ok((self.home.binary(&hash), hash))
    }

    /// Reads the binary of the capsule in `dir`, whose manifest calls it `file`, and checks it.
    pub fn load_binary(&self, dir: &Path, file: &Path) -> Result<Binary, IntegrityError> {
        let (path, expected) = self.locate_binary(dir, file)?;
        let bytes = match self.disk.read(&path, Links::Follow, limits::BINARY_BYTES_MAX) {
            Ok(bytes) => bytes,
            Err(error) if error.is_missing() => {
                return Err(IntegrityError::Missing { path, expected });
            }
            Err(error) => return Err(IntegrityError::Unreadable(error)),
        };
        let actual = Hash::of(&bytes);
        if actual != expected {
            return Err(IntegrityError::Mismatch { path, expected, actual });
        }
        Ok(Binary { path, hash: expected, bytes })
    }
}

/// The digest that the metadata of the capsule in `dir` records.
fn hash_in(meta: &Meta, dir: &Path) -> Result<Hash, IntegrityError> {
    match meta.binary() {
        Some(Ok(hash)) => Ok(hash),
        Some(Err(source)) => Err(IntegrityError::BadHash { dir: dir.to_owned(), source }),
        None => Err(IntegrityError::NoHash { dir: dir.to_owned() }),
    }
}

/// Whether a path consists of names only, so that it cannot leave the directory it is joined to.
pub(super) fn stays_inside(file: &Path) -> bool {
    let plain = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    file.file_name().is_some() && file.components().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::Scratch;

    /// A capsule directory whose metadata says `hash`, and a store with the binary `code`.
    fn capsule(hash: Option<&str>) -> (Scratch, PathBuf) {
        let scratch = Scratch::new();
        let dir = scratch.dir("c");
        let mut meta = serde_json::json!({
            "version": "1.0.0", "installed_at": "a", "updated_at": "a",
        });
        if let Some(hash) = hash {
            meta["wasm_hash"] = hash.into();
        }
        std::fs::write(dir.join("meta.json"), meta.to_string()).expect("a scratch file");
        scratch.store().put_binary(b"code").expect("room");
        (scratch, dir)
    }

    fn load(hash: Option<&str>) -> Result<Binary, IntegrityError> {
        let (scratch, dir) = capsule(hash);
        scratch.store().load_binary(&dir, Path::new("c.wasm"))
    }

    #[test]
    fn only_the_recorded_binary_loads() {
        let good = Hash::of(b"code");
        assert_eq!(load(Some(good.as_str())).expect("recorded and there").bytes, b"code");
        assert!(matches!(load(None), Err(IntegrityError::NoHash { .. })));
        for malformed in ["", "5f1c", "../../etc/passwd", &good.as_str().to_uppercase()] {
            let error = load(Some(malformed));
            assert!(matches!(error, Err(IntegrityError::BadHash { .. })), "{malformed}");
        }
        let absent = Hash::of(b"other");
        assert!(matches!(load(Some(absent.as_str())), Err(IntegrityError::Missing { .. })));
    }

    #[test]
    fn without_metadata_nothing_loads() {
        let (scratch, dir) = capsule(None);
        let load = || scratch.store().load_binary(&dir, Path::new("c.wasm"));
        std::fs::write(dir.join("meta.json"), r#"{"version": "1"#).expect("a scratch file");
        assert!(matches!(load(), Err(IntegrityError::Meta(MetaError::Corrupt { .. }))));
        std::fs::remove_file(dir.join("meta.json")).expect("it is there");
        assert!(matches!(load(), Err(IntegrityError::Meta(MetaError::Missing { .. }))));
    }

    #[test]
    fn an_altered_blob_is_refused_with_both_hashes() {
        let good = Hash::of(b"code");
        let (scratch, dir) = capsule(Some(good.as_str()));
        let store = scratch.store();
        std::fs::write(store.home().binary(&good), b"evil").expect("a scratch file");
        match store.load_binary(&dir, Path::new("c.wasm")) {
            Err(IntegrityError::Mismatch { expected, actual, .. }) => {
                assert_eq!((expected, actual), (good, Hash::of(b"evil")));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_file_beside_the_manifest_comes_first_and_is_checked_too() {
        let (scratch, dir) = capsule(Some(Hash::of(b"code").as_str()));
        let store = scratch.store();
        std::fs::write(dir.join("c.wasm"), b"code").expect("a scratch file");
        let binary = store.load_binary(&dir, Path::new("./c.wasm")).expect("recorded");
        assert_eq!(binary.path, dir.join("./c.wasm"));
        std::fs::write(dir.join("c.wasm"), b"evil").expect("a scratch file");
        let error = store.load_binary(&dir, Path::new("c.wasm"));
        assert!(matches!(error, Err(IntegrityError::Mismatch { .. })));
    }

    #[test]
    fn a_name_that_leads_out_of_the_directory_is_not_followed() {
        let (scratch, dir) = capsule(Some(Hash::of(b"code").as_str()));
        let outside = scratch.path("evil.wasm");
        std::fs::write(&outside, b"evil").expect("a scratch file");
        for file in [Path::new("../evil.wasm"), &outside] {
            let binary = scratch.store().load_binary(&dir, file).expect("the blob");
            assert_eq!(binary.bytes, b"code");
        }
    }
}
