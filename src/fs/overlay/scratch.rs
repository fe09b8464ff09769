//! The private directory of an overlay's copies.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use super::super::error::FsError;
use super::super::private::{Private, is_left};

/// How every one is called, before something random.
const PREFIX: &str = "capsule-workspace-";

/// A private directory, removed with this.
pub(super) struct Scratch {
    place: Private,
    dir: Dir,
}

impl Scratch {
    /// Makes one, and removes those of processes that are gone.
    pub(super) fn new() -> Result<Scratch, FsError> {
        Self::of(Private::new(PREFIX)?)
    }

    fn of(place: Private) -> Result<Scratch, FsError> {
        let dir = Dir::open_ambient_dir(place.path(), ambient_authority())?;
        Ok(Scratch { place, dir })
    }

    pub(super) fn dir(&self) -> &Dir {
        &self.dir
    }

    /// A name that nobody else uses.
    pub(super) fn name(&self) -> &OsStr {
        self.place.path().file_name().unwrap_or_default()
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
            scratch.is_some_and(|scratch| is_left(&place.join(OsStr::from_bytes(scratch))))
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
    fn what_a_killed_commit_left_in_a_workspace_is_found() {
        let (root, place) =
            (tempfile::tempdir().expect("made"), tempfile::tempdir().expect("made"));
        let living = Private::new_in(place.path(), PREFIX).expect("made");
        let living = Scratch::of(living).expect("opened");
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
