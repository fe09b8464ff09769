//! The moment in which a new tree takes the place of the installed one.
//!
//! Two directories are exchanged in one step where the file system can do that. Elsewhere the old
//! one is moved away first, and the journal, which exists by then, bridges the gap.

use std::path::Path;

use super::Store;
use super::disk::DiskError;
use super::journal::Container;
use super::meta::{Meta, MetaError};

/// How far an install has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// The new tree waits in staging.
    Staged,
    /// The new tree is installed.
    Switched,
    /// Neither: somebody else has changed what is installed since.
    Superseded,
}

impl Store {
    /// How far the install has come that calls itself `token` and was made to replace what was
    /// updated at `replaces`.
    pub(super) fn progress(
        &self,
        container: &Container,
        target: &Path,
        token: &str,
        replaces: Option<&str>,
    ) -> Result<Progress, MetaError> {
        let installed = self.usable_meta(target)?;
        if installed.as_ref().is_some_and(|meta| meta.transaction() == Some(token)) {
            return Ok(Progress::Switched);
        }
        let staged = self.usable_meta(&container.tree())?;
        let waiting = staged.is_some_and(|meta| meta.transaction() == Some(token));
        let expected = installed.as_ref().is_none_or(|meta| Some(&*meta.updated_at) == replaces);
        Ok(if waiting && expected { Progress::Staged } else { Progress::Superseded })
    }

    /// Puts the staged tree in the place of the installed one, if there is one.
    pub(super) fn switch(&self, container: &Container, target: &Path) -> Result<(), DiskError> {
        let tree = container.tree();
        if self.disk.stat(target)?.is_none() {
            self.disk.rename(&tree, target)?;
        } else {
            match self.disk.exchange(&tree, target) {
                Err(error) if error.is_unsupported() => self.replace_tree(container, target)?,
                done => done?,
            }
        }
        self.sync_switched(container, target)
    }

    /// Undoes [`Store::switch`] after it succeeded.
    pub(super) fn switch_back(
        &self,
        container: &Container,
        target: &Path,
    ) -> Result<(), DiskError> {
        let (tree, old) = (container.tree(), container.old());
        if self.disk.stat(&tree)?.is_some() {
            self.disk.exchange(&tree, target)?;
        } else {
            self.disk.rename(target, &tree)?;
            if self.disk.stat(&old)?.is_some() {
                self.disk.rename(&old, target)?;
            }
        }
        self.sync_switched(container, target)
    }

    /// Undoes [`Store::switch`] after it failed half-way.
    pub(super) fn move_back(&self, container: &Container, target: &Path) -> Result<(), DiskError> {
        let old = container.old();
        if self.disk.stat(&old)?.is_some() && self.disk.stat(target)?.is_none() {
            self.disk.rename(&old, target)?;
            self.sync_switched(container, target)?;
        }
        Ok(())
    }

    fn replace_tree(&self, container: &Container, target: &Path) -> Result<(), DiskError> {
        let (tree, old) = (container.tree(), container.old());
        self.disk.remove_tree(&old)?;
        self.disk.rename(target, &old)?;
        self.disk.rename(&tree, target)
    }

    fn sync_switched(&self, container: &Container, target: &Path) -> Result<(), DiskError> {
        self.disk.sync(&container.dir)?;
        self.disk.sync(target.parent().unwrap_or(Path::new("/")))
    }

    /// The metadata of the capsule in `dir`; nothing when there is none, or it is damaged.
    pub(super) fn usable_meta(&self, dir: &Path) -> Result<Option<Meta>, MetaError> {
        match self.meta(dir) {
            Ok(meta) => Ok(Some(meta)),
            Err(MetaError::Missing { .. } | MetaError::Corrupt { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
