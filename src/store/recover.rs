//! Putting right what a killed process left in staging.
//!
//! A change that was decided is carried out to its end, one that was not is forgotten. What belongs
//! to a process that is still at work is left alone.

use std::path::PathBuf;

use super::Store;
use super::disk::DiskError;
use super::journal::{Action, Container, Journal, Outside, StepError, owner_of};
use super::layout::Site;
use super::lock::{LockError, Wait};
use super::switch::Progress;

/// What was found in staging, as ids of capsules.
#[derive(Debug, Default)]
pub struct Recovery {
    /// Changes that were carried out to their end.
    pub finished: Vec<String>,
    /// Changes that were forgotten, since they had not been decided.
    pub forgotten: Vec<String>,
    /// Changes that another process is working on.
    pub busy: Vec<String>,
    /// Changes that are still waiting.
    pub problems: Vec<Waiting>,
}

/// A change that could be neither finished nor forgotten.
#[derive(Debug)]
pub struct Waiting {
    /// The capsule.
    pub id: String,
    /// The directory of the change, in staging.
    pub dir: PathBuf,
    /// Its journal; none when it was not decided, and only its directory is in the way.
    pub journal: Option<PathBuf>,
    /// Why.
    pub error: StepError,
}

impl Waiting {
    /// Whether trying again later may help: the journal is fine, and so is what it asks for.
    pub fn is_passing(&self) -> bool {
        matches!(self.error, StepError::Disk(_))
    }
}

impl Recovery {
    /// Whether nothing is left to be put right.
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }
}

impl Store {
    /// Puts a site right. To be called once at every start; costs one look at a directory when
    /// there is nothing to do, and works on a home that cannot be written to or does not exist.
    pub fn recover(&self, site: &Site, outside: Outside<'_>) -> Result<Recovery, DiskError> {
        let mut recovery = Recovery::default();
        let staging = site.staging();
        let names = match self.disk.list(&staging) {
            Ok(names) => names,
            Err(error) if error.is_missing() => return Ok(recovery),
            Err(error) => return Err(error),
        };
        for name in names {
            let Some(id) = owner_of(&name).map(str::to_owned) else {
                continue;
            };
            let container = Container { dir: staging.join(&name) };
            let done = match self.lock(site, &id, Wait::No) {
                Ok(lock) => self.put_right(&container, site, lock.id(), outside),
                Err(LockError::Held { .. }) => {
                    recovery.busy.push(id);
                    continue;
                }
                Err(LockError::Disk(error)) => Err(error.into()),
                Err(LockError::Name(error)) => Err(error.into()),
            };
            match done {
                Ok(true) => recovery.finished.push(id),
                Ok(false) => recovery.forgotten.push(id),
                Err(error) => recovery.problems.push(self.waiting(id, &container, error)),
            }
        }
        Ok(recovery)
    }

    fn waiting(&self, id: String, container: &Container, error: StepError) -> Waiting {
        let journal = container.journal();
        // One that cannot be looked at may well be there.
        let decided = !matches!(self.disk.stat(&journal), Ok(None));
        Waiting { id, dir: container.dir.clone(), journal: decided.then_some(journal), error }
    }

    /// Finishes or forgets one change; tells which.
    fn put_right(
        &self,
        container: &Container,
        site: &Site,
        id: &str,
        outside: Outside<'_>,
    ) -> Result<bool, StepError> {
        let Some(journal) = self.read_journal(container)? else {
            self.disk.remove_tree(&container.dir)?;
            return Ok(false);
        };
        let _lock = self.commit_lock()?;
        let done = self.carry_out(container, site, id, &journal, outside)?;
        if done {
            self.keep_replaced(container, site, id, &journal.action)?;
        }
        self.close(container)?;
        Ok(done)
    }

    /// Carries out what a journal says, as far as it has not been done; tells whether it still
    /// applies. The caller holds the locks.
    pub(super) fn carry_out(
        &self,
        container: &Container,
        site: &Site,
        id: &str,
        journal: &Journal,
        outside: Outside<'_>,
    ) -> Result<bool, StepError> {
        match &journal.action {
            Action::Install { token, replaces, grants, .. } => {
                let target = site.capsule(id)?;
                let progress = self.progress(container, &target, token, replaces.as_deref())?;
                if progress == Progress::Superseded {
                    return Ok(false);
                }
                self.place_blobs(container)?;
                self.grant(id, grants)?;
                if progress == Progress::Staged {
                    self.switch(container, &target)?;
                }
            }
            Action::Remove { purge } => {
                // The removal begins with the move; before it, there is nothing to finish.
                if self.disk.stat(&container.old())?.is_none() {
                    return Ok(false);
                }
                // Nothing can go back to the version before a capsule that is gone.
                self.disk.remove_tree(&site.previous(id)?)?;
                if *purge {
                    self.purge(id)?;
                }
            }
        }
        if let Some(value) = &journal.outside {
            outside(value).map_err(StepError::Outside)?;
        }
        Ok(true)
    }
}
