//! The version before the installed one: kept when it is replaced, so that one can go back to it.
//!
//! Its directory is kept as it was, its blobs stay among the others. There is one at most; it goes
//! with the capsule.

use std::path::Path;

use super::Store;
use super::disk::{DiskError, PRIVATE_DIR};
use super::journal::{Action, Container, StepError};
use super::layout::Site;

impl Store {
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
