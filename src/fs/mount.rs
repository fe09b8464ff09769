//! Directories of the machine that guests are given.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use super::direct::Direct;
use super::error::FsError;
use super::overlay::{Change, CommitError, Overlay};
use super::path::Scheme;
use super::place::Place;
use super::private::Private;
use super::volume::Volume;
use crate::limits::FS_JOURNAL_MAX;

/// A directory that guests are given, and how it is worked on.
pub struct Mount {
    scheme: Scheme,
    /// Its path on the machine, without links.
    absolute: PathBuf,
    root: Place,
    backend: Backend,
    /// What nobody may touch by way of this mount, relative to the root; the empty path is all of it.
    closed: Vec<PathBuf>,
    journal: Option<Journal>,
}

enum Backend {
    Direct,
    Overlay(Overlay),
}

/// The paths that were written, as guests spell them.
pub type Journal = Arc<Mutex<BTreeSet<String>>>;

impl Mount {
    /// A directory in which everything happens at once and for good.
    pub fn direct(scheme: Scheme, path: &Path) -> io::Result<Mount> {
        let absolute = path.canonicalize()?;
        let dir = Arc::new(Dir::open_ambient_dir(&absolute, ambient_authority())?);
        Ok(Mount::of(scheme, absolute, dir, Backend::Direct))
    }

    /// A directory that stays as it is until [`Mount::commit`].
    pub fn overlay(scheme: Scheme, path: &Path) -> io::Result<Mount> {
        let absolute = path.canonicalize()?;
        let dir = Arc::new(Dir::open_ambient_dir(&absolute, ambient_authority())?);
        let overlay = Overlay::new(Arc::clone(&dir));
        Ok(Mount::of(scheme, absolute, dir, Backend::Overlay(overlay)))
    }

    fn of(scheme: Scheme, absolute: PathBuf, dir: Arc<Dir>, backend: Backend) -> Mount {
        let root = Place { path: PathBuf::new(), dir: Some(dir) };
        Mount { scheme, absolute, root, backend, closed: Vec::new(), journal: None }
    }

    /// The same mount, which refuses to touch the directory `path` of the machine and what is in it:
    /// a part of the mount, or all of it when the mount is that directory or lies in it. One that has
    /// nothing to do with the mount changes nothing.
    #[must_use]
    pub fn without(mut self, path: &Path) -> Mount {
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if self.absolute.starts_with(&path) {
            self.closed.push(PathBuf::new());
        } else if let Ok(relative) = path.strip_prefix(&self.absolute) {
            self.closed.push(relative.to_owned());
        }
        self
    }

    fn with_journal(mut self, journal: Option<Journal>) -> Mount {
        self.journal = journal;
        self
    }

    /// Which place it is.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Its path on the machine.
    pub fn absolute(&self) -> &Path {
        &self.absolute
    }

    /// Whether what is written here is on the disk at once.
    pub fn is_direct(&self) -> bool {
        matches!(self.backend, Backend::Direct)
    }

    /// A directory below the root as it is on the disk, relative to the root and without links. One
    /// that lies outside, by way of a link, gives `PermissionDenied`.
    pub fn directory_on_disk(&self, path: &Path) -> io::Result<PathBuf> {
        let missing = || io::Error::from(io::ErrorKind::NotADirectory);
        let root = self.root.dir().map_err(|_| missing())?;
        let found = root.canonicalize(path)?;
        if root.metadata(&found)?.is_dir() { Ok(found) } else { Err(missing()) }
    }

    /// What nobody may touch, relative to the root. Makes the directories that are missing, so that
    /// they can be covered.
    pub(crate) fn closed_on_disk(&self) -> io::Result<&[PathBuf]> {
        let missing = || io::Error::from(io::ErrorKind::NotADirectory);
        let root = self.root.dir().map_err(|_| missing())?;
        self.closed.iter().try_for_each(|closed| root.create_dir_all(closed))?;
        Ok(&self.closed)
    }

    /// What became different and was not committed, sorted by path. In a direct mount nothing is.
    pub fn changes(&self) -> Result<Vec<Change>, FsError> {
        match &self.backend {
            Backend::Direct => Ok(Vec::new()),
            Backend::Overlay(overlay) => overlay.changes(),
        }
    }

    /// Makes the directory what the guests left it as: every change is applied, or none.
    pub fn commit(&self) -> Result<Vec<Change>, CommitError> {
        match &self.backend {
            Backend::Direct => Ok(Vec::new()),
            Backend::Overlay(overlay) => overlay.commit(),
        }
    }

    /// A commit during which something else happens: after its check, before its first change.
    #[cfg(test)]
    pub(crate) fn commit_while(&self, act: impl FnOnce()) -> Result<Vec<Change>, CommitError> {
        match &self.backend {
            Backend::Direct => Ok(Vec::new()),
            Backend::Overlay(overlay) => overlay.commit_with(act),
        }
    }

    pub(crate) fn root(&self) -> &Place {
        &self.root
    }

    /// The files in it, for one operation.
    pub(crate) fn volume(&self) -> Box<dyn Volume + '_> {
        match &self.backend {
            Backend::Direct => Box::new(Direct),
            Backend::Overlay(overlay) => Box::new(overlay.lock()),
        }
    }

    /// Whether `path` is closed.
    pub(crate) fn is_closed(&self, path: &Path) -> bool {
        self.closed.iter().any(|closed| path.starts_with(closed))
    }

    /// Whether something in `path` is closed, so that it cannot be moved, replaced or removed as a
    /// whole.
    pub(crate) fn holds_closed(&self, path: &Path) -> bool {
        self.closed.iter().any(|closed| closed.starts_with(path))
    }

    /// Whether a file is written together with the directories that it lacks.
    pub(crate) fn makes_parents(&self) -> bool {
        self.scheme == Scheme::Workspace
    }

    /// Remembers that `path` was written.
    pub(crate) fn wrote(&self, path: &Path) {
        if let Some(journal) = &self.journal {
            let mut paths = journal.lock().unwrap_or_else(PoisonError::into_inner);
            if paths.len() < FS_JOURNAL_MAX {
                paths.insert(self.scheme.spell(path));
            }
        }
    }
}

/// The home and the scratch directory of a principal, opened when they are first needed.
pub struct PrincipalFiles {
    /// Where the home is; `None` when there is nothing for this principal.
    path: Option<PathBuf>,
    home: OnceLock<Arc<Mount>>,
    tmp: OnceLock<Arc<Mount>>,
    journal: Option<Journal>,
    /// Removed with the last use.
    _scratch: Option<Arc<Private>>,
}

/// Where the scratch directory is in a home.
const TMP: &str = ".local/tmp";
/// What belongs to the machine in a home: capsules with the manifests that say what they may do, their
/// settings, and their logs. No grant opens these to a guest.
const NOT_OF_GUESTS: [&str; 3] = [".local/capsules", ".config/env", ".local/log"];

impl PrincipalFiles {
    /// Nothing at all: every path of home and tmp is denied.
    pub fn none() -> PrincipalFiles {
        PrincipalFiles {
            path: None,
            home: OnceLock::new(),
            tmp: OnceLock::new(),
            journal: None,
            _scratch: None,
        }
    }

    /// The directory `home`, which is never made: a principal without one has no files. What is
    /// written is added to `journal`.
    pub fn at(home: PathBuf, journal: Option<Journal>) -> PrincipalFiles {
        PrincipalFiles { path: Some(home), journal, ..PrincipalFiles::none() }
    }

    /// The home that is made in `scratch`, which disappears with the last use of it.
    pub fn throw_away(scratch: Arc<Private>) -> PrincipalFiles {
        // Beside the lock of the directory, which is not for guests.
        let path = scratch.path().join("home");
        let path = std::fs::create_dir_all(&path).is_ok().then_some(path);
        PrincipalFiles { path, _scratch: Some(scratch), ..PrincipalFiles::none() }
    }

    /// The home, if there is one.
    pub fn home(&self) -> Option<Arc<Mount>> {
        let path = self.path.as_ref()?;
        if let Some(home) = self.home.get() {
            return Some(Arc::clone(home));
        }
        let mut opened = Mount::direct(Scheme::Home, path).ok()?.with_journal(self.journal.clone());
        opened.closed.extend(NOT_OF_GUESTS.map(PathBuf::from));
        Some(Arc::clone(self.home.get_or_init(|| Arc::new(opened))))
    }

    /// The scratch directory in the home; it is made when it is missing.
    pub fn tmp(&self) -> Option<Arc<Mount>> {
        if let Some(tmp) = self.tmp.get() {
            return Some(Arc::clone(tmp));
        }
        let home = self.home()?;
        let root = home.root().dir().ok()?;
        root.create_dir_all(TMP).ok()?;
        // By way of the home's handle: a link out of the home is no scratch directory.
        let dir = Arc::new(root.open_dir(TMP).ok()?);
        let absolute = root.canonicalize(TMP).ok()?;
        let absolute = home.absolute().join(absolute);
        let mount = Mount::of(Scheme::Tmp, absolute, dir, Backend::Direct);
        let mount = mount.with_journal(self.journal.clone());
        Some(Arc::clone(self.tmp.get_or_init(|| Arc::new(mount))))
    }
}
