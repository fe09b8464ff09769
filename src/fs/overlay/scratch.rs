//! The private directory of an overlay's copies.
//!
//! It is removed with the overlay. A process that is killed leaves its own behind; whoever makes the
//! next one removes it. A lock tells which are in use.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use super::super::error::FsError;

/// How every one is called, before something random.
const PREFIX: &str = "capsule-workspace-";
/// The file in it that is locked for as long as it is in use.
const LOCK: &str = "lock";

/// A private directory, removed with this.
pub(super) struct Scratch {
    place: tempfile::TempDir,
    dir: Dir,
    _lock: File,
}

impl Scratch {
    /// Makes one, and removes those of processes that are gone.
    pub(super) fn new() -> Result<Scratch, FsError> {
        Self::new_in(&tempfile::env::temp_dir())
    }

    fn new_in(place: &Path) -> Result<Scratch, FsError> {
        sweep(place);
        loop {
            let place = tempfile::Builder::new().prefix(PREFIX).tempdir_in(place)?;
            let lock = File::create_new(place.path().join(LOCK))?;
            // Whoever sweeps may have been faster; then this one is gone in a moment.
            if lock.try_lock().is_ok() {
                let dir = Dir::open_ambient_dir(place.path(), ambient_authority())?;
                return Ok(Scratch { place, dir, _lock: lock });
            }
        }
    }

    pub(super) fn dir(&self) -> &Dir {
        &self.dir
    }

    /// A name that nobody else uses.
    pub(super) fn name(&self) -> &OsStr {
        self.place.path().file_name().unwrap_or_default()
    }
}

/// Removes what killed processes of this user left in `place`. What cannot be removed stays.
fn sweep(place: &Path) {
    let Ok(entries) = std::fs::read_dir(place) else { return };
    let user = rustix::process::geteuid().as_raw();
    for entry in entries.flatten() {
        if !entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes()) {
            continue;
        }
        let ours = entry.metadata().is_ok_and(|it| it.is_dir() && it.uid() == user);
        let lock = if ours { File::open(entry.path().join(LOCK)).ok() } else { None };
        if lock.is_some_and(|lock| lock.try_lock().is_ok()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Directories in the workspace `root` that hold what a killed commit had replaced: nobody who is
/// alive works on them.
pub(crate) fn left_behind(root: &Path) -> Vec<PathBuf> {
    left_behind_in(root, &tempfile::env::temp_dir())
}

fn left_behind_in(root: &Path, place: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(root) else { return Vec::new() };
    let mut left: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| {
            let name = entry.file_name();
            let scratch = name.as_encoded_bytes().strip_prefix(b".");
            let scratch = scratch.filter(|name| name.starts_with(PREFIX.as_bytes()));
            scratch.is_some_and(|scratch| {
                let lock = place.join(OsStr::from_bytes(scratch)).join(LOCK);
                File::open(lock).map_or(true, |lock| lock.try_lock().is_ok())
            })
        })
        .map(|entry| entry.path())
        .collect();
    left.sort();
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_use_stays_and_what_was_left_behind_goes() {
        let place = tempfile::tempdir().expect("a directory");
        let names = || {
            let entries = std::fs::read_dir(place.path()).expect("readable");
            let mut names: Vec<_> = entries.map(|it| it.expect("readable").file_name()).collect();
            names.sort();
            names
        };
        let living = Scratch::new_in(place.path()).expect("made");
        let left = Scratch::new_in(place.path()).expect("made");
        // As a killed process does: the lock goes, the directory stays.
        let Scratch { place: left, dir, _lock } = left;
        let left = left.keep();
        drop((dir, _lock));
        std::fs::create_dir(place.path().join("somebody-elses")).expect("made");
        assert_eq!(names().len(), 3);
        let next = Scratch::new_in(place.path()).expect("made");
        let mut expected = [living.name(), next.name(), OsStr::new("somebody-elses")];
        expected.sort();
        assert_eq!(names(), expected);
        assert!(!left.exists());
    }

    #[test]
    fn what_a_killed_commit_left_in_a_workspace_is_found() {
        let (root, place) =
            (tempfile::tempdir().expect("made"), tempfile::tempdir().expect("made"));
        let living = Scratch::new_in(place.path()).expect("made");
        let staged = |name: &OsStr| {
            let mut dotted = OsStr::new(".").to_owned();
            dotted.push(name);
            let path = root.path().join(dotted);
            std::fs::create_dir(&path).expect("made");
            path
        };
        staged(living.name());
        staged(OsStr::new("other"));
        let gone = staged(OsStr::new("capsule-workspace-gone"));
        assert_eq!(left_behind_in(root.path(), place.path()), [gone]);
    }
}
