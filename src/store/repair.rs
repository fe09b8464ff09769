//! Mending what is installed: what is damaged is replaced by what has the recorded digest, and by
//! nothing else.
//!
//! Digests are taken from the metadata alone. What it does not record, or records in no readable form,
//! is not mended: there would be nothing to compare with.

use std::path::{Path, PathBuf};

use super::Store;
use super::binary::stays_inside;
use super::blob::BlobState;
use super::catalog::Entry;
use super::disk::{DiskError, Links, PUBLIC_FILE};
use super::hash::Hash;
use super::layout;
use super::lock::CapsuleLock;
use super::meta::Meta;
use super::names::NameError;
use crate::limits;

/// The name in [`Meta::extras`] of the directory or archive that a capsule was installed from, as an
/// absolute path.
pub const SOURCE: &str = "source";

/// Something that was mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mended {
    /// The file that is whole again.
    pub path: PathBuf,
    /// What it was copied from.
    pub from: PathBuf,
}

/// Why mending stopped. What was mended before stays so.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// The id cannot be that of a capsule.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A file could not be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl Store {
    /// Where a capsule was installed from, if that is recorded.
    pub fn recorded_source(meta: &Meta) -> Option<PathBuf> {
        meta.extras.get(SOURCE)?.as_str().map(PathBuf::from)
    }

    /// Mends the capsule that the lock is for, from what the home still has of it and from `source`, a
    /// directory like the one that it was installed from. Files that are whole are left alone.
    pub fn repair(
        &self,
        lock: &CapsuleLock,
        source: Option<&Path>,
    ) -> Result<Vec<Mended>, RepairError> {
        let (id, site) = (lock.id(), lock.site());
        let _lock = self.commit_lock()?;
        let dir = site.capsule(id)?;
        let mut mended = Vec::new();
        let entry = self.entry_in(site.scope(), dir.clone(), id);
        let Some(meta) = &entry.meta else { return Ok(mended) };
        if let (Some(expected), Some(source)) = (meta.manifest(), source) {
            let (place, from) = (layout::manifest_in(&dir), layout::manifest_in(source));
            mended.extend(self.mend_manifest(&place, &from, &expected)?);
        }
        // The manifest says what the binary is called.
        let entry = self.entry_in(site.scope(), dir, id);
        if let Some(Ok(expected)) = meta.binary() {
            self.mend_binary(&entry, &expected, source, &mut mended)?;
        }
        for (name, text) in &meta.wit_files {
            let (Ok(expected), Some(source)) = (text.parse(), source) else { continue };
            if stays_inside(Path::new(name)) {
                let from = source.join("wit").join(name);
                mended.extend(self.mend_wit(&from, &expected)?);
            }
        }
        Ok(mended)
    }

    fn mend_manifest(
        &self,
        place: &Path,
        from: &Path,
        expected: &Hash,
    ) -> Result<Option<Mended>, DiskError> {
        let limit = limits::MANIFEST_BYTES_MAX;
        if self.with_hash(place, expected, limit).is_some() {
            return Ok(None);
        }
        let Some(bytes) = self.with_hash(from, expected, limit) else { return Ok(None) };
        self.replace_file_locked(place, &bytes, PUBLIC_FILE)?;
        Ok(Some(Mended { path: place.to_owned(), from: from.to_owned() }))
    }

    /// Mends the stored binary, and a copy in the capsule's directory, which would be loaded first.
    fn mend_binary(
        &self,
        entry: &Entry,
        expected: &Hash,
        source: Option<&Path>,
        mended: &mut Vec<Mended>,
    ) -> Result<(), DiskError> {
        let limit = limits::BINARY_BYTES_MAX;
        let stored = self.home.binary(expected);
        let file = entry.outline.component.as_deref().filter(|file| stays_inside(file));
        let beside = file.map(|file| entry.dir.join(file));
        let whole = |path: &Path| self.with_hash(path, expected, limit);
        if self.binary_state(expected)? != BlobState::Intact {
            let elsewhere = [beside.clone(), file.and_then(|file| Some(source?.join(file)))];
            let found = elsewhere.into_iter().flatten().find_map(|it| Some((whole(&it)?, it)));
            let Some((bytes, from)) = found else { return Ok(()) };
            self.put_binary(&bytes)?;
            mended.push(Mended { path: stored.clone(), from });
        }
        let Some(beside) = beside else { return Ok(()) };
        if self.disk.stat(&beside)?.is_some()
            && whole(&beside).is_none()
            && let Some(bytes) = whole(&stored)
        {
            self.replace_file_locked(&beside, &bytes, PUBLIC_FILE)?;
            mended.push(Mended { path: beside, from: stored });
        }
        Ok(())
    }

    fn mend_wit(&self, from: &Path, expected: &Hash) -> Result<Option<Mended>, DiskError> {
        if self.wit_state(expected)? == BlobState::Intact {
            return Ok(None);
        }
        let bytes = self.with_hash(from, expected, limits::WIT_FILE_BYTES_MAX);
        let Some(bytes) = bytes else { return Ok(None) };
        self.put_wit(&bytes)?;
        Ok(Some(Mended { path: self.home.wit(expected), from: from.to_owned() }))
    }

    /// The content of a file that has this digest; nothing when it has another or cannot be read.
    fn with_hash(&self, path: &Path, expected: &Hash, limit_bytes: u64) -> Option<Vec<u8>> {
        let bytes = self.disk.read(path, Links::Follow, limit_bytes).ok()?;
        (Hash::of(&bytes) == *expected).then_some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::lock::Wait;
    use crate::store::testing::Scratch;

    /// Installs a capsule whose source holds the installed binary, does damage, and mends; tells what
    /// is still wrong.
    fn mend(damage: impl Fn(&Scratch, &Path, &Hash), source: bool) -> (Vec<Mended>, usize) {
        let scratch = Scratch::new();
        let installed = scratch.install("c", "1.0.0");
        let source = source.then(|| scratch.source("c", "1.0.0").dir);
        if let Some(source) = &source {
            std::fs::write(source.join("c.wasm"), "code of c 1.0.0").expect("a scratch file");
        }
        let hash = installed.meta.binary().expect("recorded").expect("a hash");
        damage(&scratch, &installed.dir, &hash);
        let store = scratch.store();
        let lock = store.lock(&scratch.site(), "c", Wait::No).expect("nobody has it");
        let mended = store.repair(&lock, source.as_deref()).expect("room");
        let entry = store.find(&[scratch.site()], "c").expect("installed");
        (mended, store.recheck(entry).problems.len())
    }

    #[test]
    fn what_is_whole_is_left_alone() {
        assert_eq!(mend(|_, _, _| {}, true), (Vec::new(), 0));
        assert_eq!(mend(|_, _, _| {}, false), (Vec::new(), 0));
    }

    #[test]
    fn binary_manifest_and_interfaces_come_back_from_the_source() {
        type Damage = fn(&Scratch, &Path, &Hash);
        let damages: [Damage; 5] = [
            |scratch, _, hash| {
                std::fs::write(scratch.home().binary(hash), "x").expect("own file");
            },
            |scratch, _, _| {
                std::fs::remove_dir_all(scratch.home().binaries()).expect("own files");
            },
            |scratch, _, _| std::fs::remove_dir_all(scratch.home().wits()).expect("own files"),
            |_, dir, _| std::fs::write(dir.join("Capsule.toml"), "x = 1").expect("own file"),
            |_, dir, _| std::fs::remove_file(dir.join("Capsule.toml")).expect("own file"),
        ];
        for damage in damages {
            let (mended, wrong) = mend(damage, true);
            assert_eq!((mended.len(), wrong), (1, 0), "{mended:?}");
            let (mended, wrong) = mend(damage, false);
            assert!(mended.is_empty() && wrong > 0, "nothing can be mended without a source");
        }
    }

    #[test]
    fn a_damaged_copy_comes_back_from_the_stored_binary() {
        let (mended, wrong) =
            mend(|_, dir, _| std::fs::write(dir.join("c.wasm"), "x").expect("own file"), false);
        assert_eq!((mended.len(), wrong), (1, 0));
        assert!(mended[0].path.ends_with("c/c.wasm"), "{mended:?}");
    }

    #[test]
    fn a_source_that_has_changed_mends_nothing() {
        let damage = |scratch: &Scratch, _: &Path, hash: &Hash| {
            std::fs::write(scratch.home().binary(hash), "x").expect("own file");
            let source = scratch.source("c", "1.0.0").dir;
            std::fs::write(source.join("c.wasm"), "newer code").expect("own file");
        };
        let (mended, wrong) = mend(damage, true);
        assert!(mended.is_empty() && wrong > 0, "{mended:?}");
    }

    #[test]
    fn without_a_record_there_is_nothing_to_compare_with() {
        for lost in ["{", "{}"] {
            let damage = |scratch: &Scratch, dir: &Path, hash: &Hash| {
                std::fs::write(scratch.home().binary(hash), "x").expect("own file");
                std::fs::write(dir.join("meta.json"), lost).expect("own file");
            };
            let (mended, wrong) = mend(damage, true);
            assert!(mended.is_empty() && wrong > 0, "{mended:?}");
        }
    }
}
