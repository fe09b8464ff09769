//! The version before the installed one: kept when it is replaced, so that one can go back to it.
//!
//! Its directory is kept as it was, its blobs stay among the others. There is one at most; it goes
//! with the capsule.

use std::path::Path;

use super::Store;
use super::catalog::Entry;
use super::disk::{DiskError, PRIVATE_DIR};
use super::install::{InstallError, Plan, Source};
use super::journal::{Action, Container, StepError};
use super::layout::Site;
use super::meta::Meta;
use super::names::NameError;
use super::tree::WitFile;

/// Why there is no version to go back to.
#[derive(Debug, thiserror::Error)]
pub enum PreviousError {
    /// The id cannot be that of a capsule.
    #[error(transparent)]
    Name(#[from] NameError),
    /// None is kept: the capsule was never replaced by another version.
    #[error("no version before that of capsule {id} is kept")]
    None {
        /// The capsule.
        id: String,
    },
    /// It could not be looked for.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl Store {
    /// The version of a capsule before the installed one, however broken it is. It stays what it is
    /// for as long as the capsule's lock is held.
    pub fn previous_version(&self, site: &Site, id: &str) -> Result<Entry, PreviousError> {
        let dir = site.previous(id)?;
        match self.disk.stat(&dir)? {
            Some(_) => Ok(self.entry_in(site.scope(), dir, id)),
            None => Err(PreviousError::None { id: id.to_owned() }),
        }
    }

    /// As [`Store::plan`], for a source that is the version before with this metadata. Its WIT files
    /// are those that the metadata records; what others recorded there comes back with it.
    pub fn plan_return(
        &self,
        site: &Site,
        source: Source,
        meta: &Meta,
    ) -> Result<Plan, InstallError> {
        let mut plan = self.plan(site, source)?;
        for (name, text) in &meta.wit_files {
            let hash = text.parse().map_err(|_| InstallError::WitHash { name: name.clone() })?;
            let from = self.home.wit(&hash);
            plan.tree.wits.push(WitFile { name: name.clone(), from, hash });
        }
        plan.unknown = meta.unknown.clone();
        Ok(plan)
    }

    /// Keeps what an install has replaced, unless it was as good as the new one. May be repeated:
    /// what was kept already is no longer in the container.
    pub(super) fn keep_replaced(
        &self,
        container: &Container,
        site: &Site,
        id: &str,
        action: &Action,
    ) -> Result<(), StepError> {
        let Action::Install { replaces: Some(replaces), keeps: true, .. } = action else {
            return Ok(());
        };
        for replaced in [container.tree(), container.old()] {
            if self.usable_meta(&replaced)?.is_some_and(|meta| meta.updated_at == *replaces) {
                return Ok(self.keep(&replaced, container, &site.previous(id)?)?);
            }
        }
        Ok(())
    }

    fn keep(&self, replaced: &Path, container: &Container, kept: &Path) -> Result<(), DiskError> {
        let around = kept.parent().unwrap_or(Path::new("/"));
        self.make_dirs(around, PRIVATE_DIR)?;
        if self.disk.stat(kept)?.is_none() {
            self.disk.rename(replaced, kept)?;
        } else {
            match self.disk.exchange(replaced, kept) {
                Err(error) if error.is_unsupported() => {
                    self.disk.remove_tree(kept)?;
                    self.disk.rename(replaced, kept)?;
                }
                done => done?,
            }
        }
        self.disk.sync(around)?;
        self.disk.sync(&container.dir)
    }
}
