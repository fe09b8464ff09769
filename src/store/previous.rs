//! The version before the installed one: kept when it is replaced, so that one can go back to it.
//!
//! Its directory is kept as it was, its blobs stay among the others. There is one at most; it goes
//! with the capsule.

use std::path::{Path, PathBuf};

use super::Store;
use super::catalog::Entry;
use super::disk::{DiskError, PRIVATE_DIR};
use super::install::{InstallError, Plan, Source};
use super::journal::{Action, Container, StepError};
use super::layout::Site;
use super::meta::Meta;
use super::names::NameError;
use super::tree::{Origin, WitFile};

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

    /// Every version that is kept at these sites, however broken it is.
    pub fn previous_versions(&self, sites: &[Site]) -> Result<Vec<Entry>, DiskError> {
        let mut entries = Vec::new();
        for site in sites {
            let names = match self.disk.list(site.previous_versions()) {
                Err(error) if error.is_missing() => continue,
                names => names?,
            };
            let entry = |name: &PathBuf| {
                let id = name.to_string_lossy();
                self.entry_in(site.scope(), site.previous_versions().join(name), &id)
            };
            entries.extend(names.iter().map(entry));
        }
        Ok(entries)
    }

    /// As [`Store::plan`], for a source that is the version before with this metadata. Everything in its
    /// directory comes back, what its hooks wrote included; its WIT files are those that the metadata
    /// records, and what others recorded there comes back with it.
    pub fn plan_return(
        &self,
        site: &Site,
        source: Source,
        meta: &Meta,
    ) -> Result<Plan, InstallError> {
        let mut plan = self.plan_from(site, source, Origin::Installed)?;
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
