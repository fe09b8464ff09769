//! Locks: one per capsule for as long as something happens to it, and a short one per home for the
//! moment in which a change is made visible.
//!
//! They are advisory file locks, so that the system releases them however their holder ends. Lock
//! files stay where they are, because removing one would let two processes lock two different
//! files. Whoever wants both kinds takes that of the capsule first.

use std::fs::File;
use std::path::Path;

use super::Store;
use super::disk::{DiskError, PRIVATE_DIR};
use super::layout::Site;
use super::names::NameError;

/// What to do when somebody else holds a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Wait until it is free.
    Yes,
    /// Fail.
    No,
}

/// A lock that was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process works on this capsule.
    #[error("another process is working on capsule {id}")]
    Held {
        /// The capsule.
        id: String,
    },
    /// The id cannot be that of a capsule.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The lock file could not be used.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// The right to change one capsule of one site, held until it is dropped.
#[derive(Debug)]
pub struct CapsuleLock {
    id: String,
    site: Site,
    _files: Vec<File>,
}

impl CapsuleLock {
    /// The capsule.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where it is installed.
    pub fn site(&self) -> &Site {
        &self.site
    }
}

/// The right to make changes to a home visible.
#[derive(Debug)]
pub(super) struct CommitLock {
    _file: Option<File>,
}

/// The right to change profiles and groups.
#[derive(Debug)]
pub struct PolicyLock {
    _file: Option<File>,
}

impl Store {
    /// Takes the lock that is held from reading a profile or the groups to writing them; waits for it.
    pub fn lock_policy(&self) -> Result<PolicyLock, DiskError> {
        Ok(PolicyLock { _file: self.lock_file(&self.home.policy_lock(), Wait::Yes)? })
    }

    /// Takes the lock of a capsule.
    ///
    /// It excludes other threads as well as other processes, so a thread that holds it must not ask
    /// for it again.
    pub fn lock(&self, site: &Site, id: &str, wait: Wait) -> Result<CapsuleLock, LockError> {
        let paths = [Some(self.home.capsule_lock(id)?), site.shared_lock(id)?];
        let around = site.cache().parent().unwrap_or(Path::new("/"));
        self.make_dirs(around, site.dir_mode())?;
        let mut files = Vec::new();
        for path in paths.into_iter().flatten() {
            match self.lock_file(&path, wait)? {
                Some(file) => files.push(file),
                None => return Err(LockError::Held { id: id.to_owned() }),
            }
        }
        Ok(CapsuleLock { id: id.to_owned(), site: site.clone(), _files: files })
    }

    pub(super) fn commit_lock(&self) -> Result<CommitLock, DiskError> {
        Ok(CommitLock { _file: self.lock_file(&self.home.commit_lock(), Wait::Yes)? })
    }

    pub(super) fn lock_file(&self, path: &Path, wait: Wait) -> Result<Option<File>, DiskError> {
        self.make_dirs(path.parent().unwrap_or(Path::new("/")), PRIVATE_DIR)?;
        self.disk.lock(path, wait == Wait::Yes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::Scratch;

    #[test]
    fn a_held_lock_is_refused_at_once_and_free_after_a_drop() {
        let scratch = Scratch::new();
        let (store, site) = (scratch.store(), scratch.site());
        let held = store.lock(&site, "a", Wait::No).expect("nobody has it");
        assert!(matches!(store.lock(&site, "a", Wait::No), Err(LockError::Held { .. })));
        assert!(store.lock(&site, "b", Wait::No).is_ok());
        drop(held);
        assert!(store.lock(&site, "a", Wait::No).is_ok());
    }

    #[test]
    fn a_workspace_capsule_is_locked_for_every_home() {
        let (one, other) = (Scratch::new(), Scratch::new());
        let site = Site::workspace(&one.path("workspace"));
        let held = one.store().lock(&site, "a", Wait::No).expect("nobody has it");
        assert!(matches!(other.store().lock(&site, "a", Wait::No), Err(LockError::Held { .. })));
        drop(held);
    }

    #[test]
    fn a_waiting_thread_gets_the_lock_when_it_is_free() {
        let scratch = Scratch::new();
        let (store, site) = (scratch.store(), scratch.site());
        let held = store.lock(&site, "a", Wait::No).expect("nobody has it");
        std::thread::scope(|threads| {
            let waiting = threads.spawn(|| store.lock(&site, "a", Wait::Yes).map(drop));
            drop(held);
            waiting.join().expect("no panic").expect("the lock is free");
        });
    }
}
