//! Directories for temporary files that outlive no process for long.
//!
//! One is removed with its last use. A process that is killed leaves its own behind; whoever makes the
//! next one of the same kind removes it. A lock tells which are in use.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The file in it that is locked for as long as it is in use.
const LOCK: &str = "lock";

/// A private directory, removed with this.
#[derive(Debug)]
pub struct Private {
    place: tempfile::TempDir,
    _lock: File,
}

impl Private {
    /// Makes one among the temporary files, and removes those of processes that are gone. Its name is
    /// the prefix and something random.
    pub fn new(prefix: &str) -> io::Result<Private> {
        Self::new_in(&tempfile::env::temp_dir(), prefix)
    }

    pub(super) fn new_in(place: &Path, prefix: &str) -> io::Result<Private> {
        sweep(place, prefix);
        loop {
            let place = tempfile::Builder::new().prefix(prefix).tempdir_in(place)?;
            let lock = File::create_new(place.path().join(LOCK))?;
            // Whoever sweeps may have been faster; then this one is gone in a moment.
            if lock.try_lock().is_ok() {
                return Ok(Private { place, _lock: lock });
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.place.path()
    }

    /// Leaves it behind, as a killed process does: the lock goes and the directory stays.
    #[cfg(test)]
    pub(super) fn abandon(self) -> std::path::PathBuf {
        self.place.keep()
    }
}

/// Whether nobody uses the private directory at this path any more.
pub(super) fn is_left(path: &Path) -> bool {
    File::open(path.join(LOCK)).map_or(true, |lock| lock.try_lock().is_ok())
}

/// Removes what killed processes of this user left in `place`. What cannot be removed stays, and what
/// has no lock: nobody can tell whether it is one of these, or whether it is in use.
fn sweep(place: &Path, prefix: &str) {
    let Ok(entries) = std::fs::read_dir(place) else { return };
    let user = rustix::process::geteuid().as_raw();
    for entry in entries.flatten() {
        if !entry.file_name().as_encoded_bytes().starts_with(prefix.as_bytes()) {
            continue;
        }
        let ours = entry.metadata().is_ok_and(|it| it.is_dir() && it.uid() == user);
        let lock = if ours { File::open(entry.path().join(LOCK)).ok() } else { None };
        if lock.is_some_and(|lock| lock.try_lock().is_ok()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_use_stays_and_what_was_left_behind_goes() {
        let place = tempfile::tempdir().expect("a directory");
        let new = |prefix| Private::new_in(place.path(), prefix).expect("made");
        let living = new("a-");
        let left = new("a-").abandon();
        std::fs::create_dir_all(left.join("home/deep")).expect("made");
        let of_another_kind = new("b-").abandon();
        let without_lock = place.path().join("a-without");
        std::fs::create_dir(&without_lock).expect("made");
        let link = place.path().join("a-link");
        std::os::unix::fs::symlink(&of_another_kind, &link).expect("made");
        let next = new("a-");
        assert!(!left.exists());
        for stays in [living.path(), next.path(), &of_another_kind, &without_lock, &link] {
            assert!(stays.exists(), "{}", stays.display());
        }
        assert!(of_another_kind.join(LOCK).exists(), "no link was followed");
    }
}
