//! Setting aside a change that can be neither finished nor forgotten, so that its capsule can be changed
//! again.
//!
//! Nothing of it is deleted: its directory gets a name that nobody looks for, with everything in it.
//! That is a decision for a person, since what it was about to do is not done afterwards.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::Store;
use super::disk::{DiskError, Kind};
use super::journal::{Container, owner_of};
use super::lock::CapsuleLock;
use super::names::NameError;

/// What is added to the name of a directory that is set aside.
const SUFFIX: &str = ".aside";

/// Why a change was not set aside. Trying again is safe.
#[derive(Debug, thiserror::Error)]
pub enum AsideError {
    /// The id cannot be that of a capsule.
    #[error(transparent)]
    Name(#[from] NameError),
    /// It is none of the capsule that the lock is for.
    #[error("{} is no change of capsule {id}", dir.display())]
    NotAChange {
        /// What was to be set aside.
        dir: PathBuf,
        /// The capsule.
        id: String,
    },
    /// A file operation failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl Store {
    /// Sets aside the change in `dir`, one of the capsule that the lock is for, and tells where it is
    /// now; nothing when it is gone already.
    ///
    /// The installed version is not touched. Where the change had taken it away to put another in its
    /// place, and got no further, it comes back.
    pub fn set_aside(&self, lock: &CapsuleLock, dir: &Path) -> Result<Option<PathBuf>, AsideError> {
        let (id, site) = (lock.id(), lock.site());
        let staging = site.staging();
        let name = dir.file_name().unwrap_or_default();
        if dir.parent() != Some(&staging) || owner_of(Path::new(name)) != Some(id) {
            return Err(AsideError::NotAChange { dir: dir.to_owned(), id: id.to_owned() });
        }
        let target = site.capsule(id)?;
        let _lock = self.commit_lock()?;
        if self.disk.stat(dir)?.is_none() {
            return Ok(None);
        }
        let container = Container { dir: dir.to_owned() };
        let is_dir = self.disk.stat(dir)?.is_some_and(|stat| stat.kind == Kind::Dir);
        // A removal takes the capsule away as well, but has no other to put there.
        if is_dir && self.disk.stat(&container.tree())?.is_some() {
            self.move_back(&container, &target)?;
        }
        let mut aside = OsString::from(name);
        aside.push(SUFFIX);
        let aside = staging.join(aside);
        self.disk.rename(dir, &aside)?;
        self.disk.sync(&staging)?;
        Ok(Some(aside))
    }
}

/// Whether this is the name of something that was set aside.
pub(super) fn is_aside(name: &Path) -> bool {
    name.to_str()
        .and_then(|name| name.strip_suffix(SUFFIX))
        .is_some_and(|name| owner_of(Path::new(name)).is_some())
}
