//! Checking again what is installed: every digest is computed anew.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Store;
use super::binary::IntegrityError;
use super::blob::{BlobState, Threads};
use super::catalog::{Entry, EntryProblem};
use super::disk::{DiskError, Links};
use super::hash::{Hash, HashError};
use super::layout::{self, Scope};
use super::meta::Meta;
use super::spread::spread_over;
use crate::limits;

/// The result of checking one capsule.
#[derive(Debug)]
pub struct Check {
    /// The capsule.
    pub id: String,
    /// Who sees it.
    pub scope: Scope,
    /// Its directory.
    pub dir: PathBuf,
    /// The digest that is recorded for its binary.
    pub expected: Option<Hash>,
    /// The digest that its binary has.
    pub actual: Option<Hash>,
    /// What is wrong; nothing when all is well.
    pub problems: Vec<Problem>,
}

/// Damage to a capsule.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// Of its directory, manifest or metadata.
    #[error(transparent)]
    Entry(EntryProblem),
    /// Of its binary.
    #[error(transparent)]
    Binary(IntegrityError),
    /// The manifest is not the one that was installed.
    #[error("the hash of the manifest is {actual}, not {expected} as recorded")]
    ManifestDiffers {
        /// The recorded digest.
        expected: Hash,
        /// The digest of what is there.
        actual: Hash,
    },
    /// The digest of a WIT file is malformed.
    #[error("the hash recorded for {name} is malformed")]
    WitHash {
        /// The WIT file.
        name: String,
        /// What is recorded.
        source: HashError,
    },
    /// A WIT file is missing or damaged.
    #[error("the WIT file {name} is missing or damaged")]
    Wit {
        /// The WIT file.
        name: String,
        /// Its recorded digest.
        expected: Hash,
    },
    /// A WIT file could not be read.
    #[error(transparent)]
    Disk(DiskError),
}

/// A blob whose content does not have the digest that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedBlob {
    /// The blob.
    pub path: PathBuf,
    /// The digest in its name.
    pub expected: Hash,
    /// The digest of its content, unless it is too large to be a blob.
    pub actual: Option<Hash>,
}

/// Every blob of a home, hashed, so that what several capsules use is read once.
#[derive(Debug, Default)]
pub struct StoredFiles(BTreeMap<PathBuf, (Hash, BlobState)>);

impl StoredFiles {
    /// Those that are damaged, whether a capsule uses them or not.
    pub fn damaged(&self) -> Vec<DamagedBlob> {
        let damaged = |(path, (expected, state)): (&PathBuf, &(Hash, BlobState))| match state {
            BlobState::Damaged { actual } => Some(DamagedBlob {
                path: path.clone(),
                expected: expected.clone(),
                actual: actual.clone(),
            }),
            BlobState::Intact | BlobState::Missing => None,
        };
        self.0.iter().filter_map(damaged).collect()
    }

    fn state(&self, path: &Path) -> Option<BlobState> {
        self.0.get(path).map(|(_, state)| state.clone())
    }
}

impl Store {
    /// Checks one installed capsule. One whose manifest declares no component needs no binary.
    pub fn recheck(&self, entry: Entry) -> Check {
        self.recheck_among(entry, &StoredFiles::default())
    }

    /// The same, without hashing again what is hashed already.
    pub fn recheck_among(&self, entry: Entry, stored: &StoredFiles) -> Check {
        let mut problems: Vec<Problem> = entry.problems.into_iter().map(Problem::Entry).collect();
        let of_manifest = entry.meta.as_ref().and_then(Meta::manifest);
        // One that does not even parse is told already.
        if let Some(expected) = of_manifest
            && problems.is_empty()
        {
            problems.extend(self.recheck_manifest(&entry.dir, expected));
        }
        let (mut expected, mut actual) = (None, None);
        let recorded = entry.meta.as_ref().is_some_and(|meta| meta.wasm_hash.is_some());
        if entry.meta.is_some() && (recorded || entry.outline.component.is_some()) {
            let file = entry.outline.component.as_deref().unwrap_or(Path::new(""));
            match self.recheck_binary(&entry.dir, file, stored) {
                Ok(hash) => (expected, actual) = (Some(hash.clone()), Some(hash)),
                Err(error) => {
                    (expected, actual) = digests(&error);
                    problems.push(Problem::Binary(error));
                }
            }
        }
        for (name, text) in entry.meta.iter().flat_map(|meta| &meta.wit_files) {
            problems.extend(self.recheck_wit(name, text, stored));
        }
        Check { id: entry.id, scope: entry.scope, dir: entry.dir, expected, actual, problems }
    }

    /// Hashes every blob of the home, whether a capsule uses it or not, on all processors.
    pub fn hash_stored(&self) -> Result<StoredFiles, DiskError> {
        let binaries = self.blobs_in(&self.home.binaries(), "wasm")?.into_iter();
        let binaries = binaries.map(|(path, hash)| (path, hash, limits::BINARY_BYTES_MAX));
        let wits = self.blobs_in(&self.home.wits(), "wit")?.into_iter();
        let wits = wits.map(|(path, hash)| (path, hash, limits::WIT_FILE_BYTES_MAX));
        let all: Vec<_> = binaries.chain(wits).collect();
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = if all.len() < processors { Threads::All } else { Threads::One };
        let hashed = spread_over(processors.min(all.len()), all, |(path, hash, limit)| {
            let state = self.blob_state(&path, &hash, limit, threads)?;
            Ok((path, (hash, state)))
        });
        let mut stored = StoredFiles::default();
        for one in hashed {
            stored.0.extend([one?]);
        }
        Ok(stored)
    }

    fn recheck_binary(
        &self,
        dir: &Path,
        file: &Path,
        stored: &StoredFiles,
    ) -> Result<Hash, IntegrityError> {
        let (path, expected) = self.locate_binary(dir, file)?;
        match stored.state(&path) {
            Some(BlobState::Intact) => Ok(expected),
            Some(BlobState::Damaged { actual: Some(actual) }) => {
                Err(IntegrityError::Mismatch { path, expected, actual })
            }
            // Whoever reads it tells best what is wrong with it.
            _ => self.load_binary(dir, file).map(|binary| binary.hash),
        }
    }

    /// What cannot be read is a problem of the entry.
    fn recheck_manifest(&self, dir: &Path, expected: Hash) -> Option<Problem> {
        let path = layout::manifest_in(dir);
        let bytes = self.disk.read(&path, Links::Follow, limits::MANIFEST_BYTES_MAX).ok()?;
        let actual = Hash::of(&bytes);
        (actual != expected).then_some(Problem::ManifestDiffers { expected, actual })
    }

    fn recheck_wit(&self, name: &str, text: &str, stored: &StoredFiles) -> Option<Problem> {
        let name = name.to_owned();
        match text.parse::<Hash>() {
            Err(source) => Some(Problem::WitHash { name, source }),
            Ok(expected) => {
                let known = stored.state(&self.home.wit(&expected));
                match known.map_or_else(|| self.wit_state(&expected), Ok) {
                    Ok(BlobState::Intact) => None,
                    Ok(_) => Some(Problem::Wit { name, expected }),
                    Err(error) => Some(Problem::Disk(error)),
                }
            }
        }
    }
}

fn digests(error: &IntegrityError) -> (Option<Hash>, Option<Hash>) {
    match error {
        IntegrityError::Mismatch { expected, actual, .. } => {
            (Some(expected.clone()), Some(actual.clone()))
        }
        IntegrityError::Missing { expected, .. } => (Some(expected.clone()), None),
        _ => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::Scratch;

    /// One by one and all at once, the same is found.
    fn check(scratch: &Scratch) -> Check {
        let store = scratch.store();
        let entry = || store.find(&[scratch.site()], "c").expect("installed");
        let check = store.recheck(entry());
        let among = store.recheck_among(entry(), &store.hash_stored().expect("readable"));
        assert_eq!(format!("{check:?}"), format!("{among:?}"));
        check
    }

    #[test]
    fn an_undamaged_capsule_has_no_problems() {
        let scratch = Scratch::new();
        scratch.install("c", "1.0.0");
        let check = check(&scratch);
        assert!(check.problems.is_empty(), "{:?}", check.problems);
        assert!(check.expected.is_some() && check.expected == check.actual);
        assert!(scratch.store().hash_stored().expect("readable").damaged().is_empty());
    }

    #[test]
    fn every_kind_of_damage_is_found() {
        type Damage = fn(&Scratch, &Check);
        let damages: [(&str, Damage); 6] = [
            ("ManifestDiffers", |_, check| {
                let path = check.dir.join("Capsule.toml");
                let text = std::fs::read_to_string(&path).expect("own file");
                std::fs::write(&path, format!("{text}\n[capabilities]\nnet = ['*']\n"))
                    .expect("own file");
            }),
            ("Binary(Mismatch", |scratch, check| {
                let hash = check.expected.as_ref().expect("recorded");
                std::fs::write(scratch.store().home().binary(hash), "x").expect("own file");
            }),
            ("Binary(Missing", |scratch, _| {
                std::fs::remove_dir_all(scratch.store().home().binaries()).expect("own files");
            }),
            ("Wit {", |scratch, _| {
                std::fs::remove_dir_all(scratch.store().home().wits()).expect("own files");
            }),
            ("Entry(Meta(Missing", |_, check| {
                std::fs::remove_file(check.dir.join("meta.json")).expect("own file");
            }),
            ("Entry(Manifest(", |_, check| {
                std::fs::remove_file(check.dir.join("Capsule.toml")).expect("own file");
            }),
        ];
        for (expected, damage) in damages {
            let scratch = Scratch::new();
            scratch.install("c", "1.0.0");
            damage(&scratch, &check(&scratch));
            let found = check(&scratch).problems;
            let found: Vec<String> = found.iter().map(|problem| format!("{problem:?}")).collect();
            assert!(found.len() == 1 && found[0].starts_with(expected), "{expected}: {found:?}");
        }
    }

    #[test]
    fn damaged_blobs_are_found_without_a_capsule() {
        let scratch = Scratch::new();
        let store = scratch.store();
        let (hash, _) = store.put_binary(b"code").expect("room");
        std::fs::write(store.home().binary(&hash), "x").expect("own file");
        std::fs::write(store.home().binaries().join("notes.txt"), "").expect("own file");
        let damaged = store.hash_stored().expect("readable").damaged();
        assert_eq!(damaged.len(), 1);
        assert_eq!(damaged[0].actual, Some(Hash::of(b"x")));
    }
}
