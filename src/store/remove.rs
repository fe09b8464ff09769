//! Taking a capsule out of a site, with or without what belongs to it.
//!
//! The directory leaves the site in one step and is deleted afterwards. Blobs stay, since others may
//! use them.

use super::Store;
use super::disk::{DiskError, Kind};
use super::journal::{Action, Container, Journal, Outside, StepError};
use super::lock::CapsuleLock;
use super::names::{self, NameError};

/// Why a capsule was not removed, unless it says [`RemoveError::Unfinished`].
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// There is no such directory.
    #[error("capsule {id} is not installed")]
    NotInstalled {
        /// The capsule.
        id: String,
    },
    /// The id cannot be that of a capsule.
    #[error(transparent)]
    Name(#[from] NameError),
    /// An earlier change of the capsule is to be finished first, by the next start.
    #[error("an earlier change of capsule {id} is incomplete")]
    Pending {
        /// The capsule.
        id: String,
    },
    /// The journal of an earlier change cannot be followed, or that of this one not be written; the
    /// capsule is as it was.
    #[error(transparent)]
    Journal(#[from] StepError),
    /// A file operation failed, and the capsule is as it was.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The capsule is gone, but not all that belonged to it: the next start finishes the removal.
    #[error("the removal is incomplete and will be finished at the next start")]
    Unfinished(#[source] Box<StepError>),
}

/// What goes with a capsule.
#[derive(Clone, Debug, Default)]
pub struct Purge {
    /// Its env files, secrets and logs, of every principal.
    pub everything: bool,
    /// What [`Outside`] is to carry out.
    pub outside: Option<serde_json::Value>,
}

impl Store {
    /// Removes the capsule that the lock is for, however broken it is.
    pub fn remove(
        &self,
        lock: &CapsuleLock,
        purge: Purge,
        outside: Outside<'_>,
    ) -> Result<(), RemoveError> {
        let (id, site) = (lock.id(), lock.site());
        let target = site.capsule(id)?;
        if self.disk.stat(&target)?.is_none() {
            return Err(RemoveError::NotInstalled { id: id.to_owned() });
        }
        if self.has_pending(site, id)? {
            return Err(RemoveError::Pending { id: id.to_owned() });
        }
        self.private_dir(site.cache())?;
        self.private_dir(&site.staging())?;
        let container = Container { dir: self.unique_dir(&site.staging(), id)? };
        let journal = Journal::new(Action::Remove { purge: purge.everything }, purge.outside);

        let _lock = self.commit_lock()?;
        let moved = self
            .write_journal(&container, &journal)
            .and_then(|()| Ok(self.disk.rename(&target, &container.old())?));
        if let Err(error) = moved {
            // Even if this fails, too, there is nothing that a later start would do.
            self.discard(&container.dir);
            return Err(error.into());
        }
        let unfinished = |error| RemoveError::Unfinished(Box::new(error));
        let durable = self
            .disk
            .sync(site.capsules())
            .and_then(|()| self.disk.sync(&container.dir))
            .map_err(StepError::from);
        durable
            .and_then(|()| self.carry_out(&container, site, id, &journal, outside))
            .and_then(|_| Ok(self.close(&container)?))
            .map_err(unfinished)
    }

    /// Deletes env files, secrets and logs of a capsule, of every principal and scope.
    pub(super) fn purge(&self, id: &str) -> Result<(), StepError> {
        for principal in self.names_in(&self.home.principals())? {
            if names::check_principal(&principal).is_ok() {
                let env = self.home.env_file(&principal, id)?;
                self.disk.remove_file(&env)?;
                self.remove_temporaries(&env)?;
                self.disk.remove_tree(&self.home.log_dir(&principal, id)?)?;
            }
        }
        for scope in self.names_in(&self.home.secrets())? {
            if let Ok(dir) = self.home.secret_dir(&scope, id) {
                self.disk.remove_tree(&dir)?;
            }
        }
        Ok(())
    }

    /// The names of the directories in a directory that need not exist.
    fn names_in(&self, dir: &std::path::Path) -> Result<Vec<String>, DiskError> {
        let names = match self.disk.list(dir) {
            Ok(names) => names,
            Err(error) if error.is_missing() => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut dirs = Vec::new();
        for name in names {
            let stat = self.disk.stat(&dir.join(&name))?;
            if let (Some(text), Some(Kind::Dir)) = (name.to_str(), stat.map(|stat| stat.kind)) {
                dirs.push(text.to_owned());
            }
        }
        Ok(dirs)
    }
}
