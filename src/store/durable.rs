//! What several file operations together achieve: files replaced whole, private directories, a
//! tree that is on the medium.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::Store;
use super::disk::{DiskError, Kind, PRIVATE_DIR, failed};

/// Attempts to find a name that nobody uses; one is enough unless randomness repeats itself.
const NAME_ATTEMPTS: usize = 16;

impl Store {
    /// Replaces the content of a file: whoever reads sees the old or the new one, also after the
    /// power went. The directory must exist.
    pub(super) fn replace_file(
        &self,
        path: &Path,
        bytes: &[u8],
        mode: u32,
    ) -> Result<(), DiskError> {
        let dir = path.parent().unwrap_or(Path::new("/"));
        let name = path.file_name().unwrap_or_default();
        let temporary = self.with_unique(dir, |unique| {
            let mut hidden = OsString::from(".");
            hidden.push(name);
            hidden.push(format!(".{unique}.tmp"));
            let temporary = dir.join(hidden);
            let written = self.disk.write_new(&temporary, bytes, mode);
            if written.as_ref().is_err_and(|error| !error.is_taken()) {
                self.discard(&temporary);
            }
            written.map(|()| temporary)
        })?;
        let renamed = self.disk.rename(&temporary, path);
        if renamed.is_err() {
            self.discard(&temporary);
        }
        renamed?;
        self.disk.sync(dir)
    }

    /// The same for a file that is written by holders of one lock alone, of whom the caller is one:
    /// what a killed process left of an earlier attempt goes first.
    pub(super) fn replace_file_locked(
        &self,
        path: &Path,
        bytes: &[u8],
        mode: u32,
    ) -> Result<(), DiskError> {
        self.remove_temporaries(path)?;
        self.replace_file(path, bytes, mode)
    }

    /// Removes what killed processes left of attempts to replace a file.
    pub(super) fn remove_temporaries(&self, path: &Path) -> Result<(), DiskError> {
        let dir = path.parent().unwrap_or(Path::new("/"));
        let names = match self.disk.list(dir) {
            Ok(names) => names,
            Err(error) if error.is_missing() => return Ok(()),
            Err(error) => return Err(error),
        };
        let of_it = |name: &&PathBuf| is_temporary_of(name, path);
        names.iter().filter(of_it).try_for_each(|name| self.disk.remove_file(&dir.join(name)))
    }

    /// Makes a new directory in `dir`, only for its owner, called `prefix` and something unique.
    pub(super) fn unique_dir(&self, dir: &Path, prefix: &str) -> Result<PathBuf, DiskError> {
        self.with_unique(dir, |unique| {
            let path = dir.join(format!("{prefix}.{unique}"));
            self.disk.create_dir(&path, PRIVATE_DIR).map(|()| path)
        })
    }

    /// Makes a directory and what is missing above it. What exists keeps its permissions.
    pub(super) fn make_dirs(&self, path: &Path, mode: u32) -> Result<(), DiskError> {
        let mut missing = Vec::new();
        let mut at = path;
        while self.disk.stat(at)?.is_none() {
            missing.push(at);
            match at.parent() {
                Some(parent) => at = parent,
                None => break,
            }
        }
        for dir in missing.into_iter().rev() {
            match self.disk.create_dir(dir, mode) {
                Ok(()) => self.disk.sync(dir.parent().unwrap_or(Path::new("/")))?,
                // Another process made it in the meantime.
                Err(error) if error.is_taken() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Makes a directory that only its owner may look into, or checks that nobody else owns the
    /// existing one or may write to it.
    pub(super) fn private_dir(&self, path: &Path) -> Result<(), DiskError> {
        self.make_dirs(path, PRIVATE_DIR)?;
        let own = rustix::process::geteuid().as_raw();
        match self.disk.stat(path)? {
            Some(stat) if stat.kind == Kind::Dir && stat.owner == own && stat.mode & 0o022 == 0 => {
                Ok(())
            }
            _ => Err(DiskError::NotPrivate { path: path.to_owned() }),
        }
    }

    /// Waits until a whole tree is on the medium. It may hold only files and directories.
    pub(super) fn sync_tree(&self, root: &Path) -> Result<(), DiskError> {
        let mut waiting = vec![root.to_owned()];
        while let Some(path) = waiting.pop() {
            match self.disk.stat(&path)?.map(|stat| stat.kind) {
                Some(Kind::File) => {}
                Some(Kind::Dir) => {
                    waiting.extend(self.disk.list(&path)?.iter().map(|name| path.join(name)));
                }
                _ => return Err(DiskError::NotAFile { path }),
            }
            self.disk.sync(&path)?;
        }
        Ok(())
    }

    /// Removes something that only takes up space; whether that works makes no difference.
    pub(super) fn discard(&self, path: &Path) {
        let _ = self.disk.remove_tree(path);
    }

    fn with_unique<T>(
        &self,
        dir: &Path,
        mut make: impl FnMut(&str) -> Result<T, DiskError>,
    ) -> Result<T, DiskError> {
        for _ in 0..NAME_ATTEMPTS {
            match make(&self.token(dir)?) {
                Err(error) if error.is_taken() => {}
                made => return made,
            }
        }
        Err(failed("find a free name in", dir)(io::ErrorKind::AlreadyExists.into()))
    }

    /// Sixteen random hexadecimal digits, for something in `dir`.
    pub(super) fn token(&self, dir: &Path) -> Result<String, DiskError> {
        let mut bytes = [0; 8];
        self.clock
            .fill_random(&mut bytes)
            .map_err(|error| failed("name a file in", dir)(io::Error::other(error.to_string())))?;
        Ok(format!("{:016x}", u64::from_be_bytes(bytes)))
    }
}

/// Whether [`Store::replace_file`] makes such a name for `path`.
fn is_temporary_of(name: &Path, path: &Path) -> bool {
    let unique = || {
        let own = path.file_name()?.to_str()?;
        name.to_str()?.strip_prefix('.')?.strip_prefix(own)?.strip_prefix('.')?.strip_suffix(".tmp")
    };
    unique().is_some_and(|it| it.len() == 16 && it.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::Scratch;

    #[test]
    fn only_what_an_attempt_leaves_is_its_temporary() {
        let path = Path::new("/h/c.env.json");
        let check = |name: &str, own| assert_eq!(is_temporary_of(Path::new(name), path), own);
        check(".c.env.json.0123456789abcdef.tmp", true);
        check("c.env.json", false);
        check("c.env.json.0123456789abcdef.tmp", false);
        check(".b.env.json.0123456789abcdef.tmp", false);
        check(".c.env.json.0123456789abcdeg.tmp", false);
        check(".c.env.json.backup.tmp", false);
    }

    #[test]
    fn the_next_attempt_removes_what_a_killed_one_left() {
        let scratch = Scratch::new();
        let dir = scratch.dir("d");
        let left = dir.join(".file.0123456789abcdef.tmp");
        std::fs::write(&left, "half").expect("a scratch file");
        scratch.store().replace_file_locked(&dir.join("file"), b"whole", 0o600).expect("room");
        assert!(!left.exists());
        assert_eq!(std::fs::read(dir.join("file")).expect("it was written"), b"whole");
    }
}
