//! Who else may read what is private, or change what is relied on.
//!
//! What is asked of a file does not depend on the directories above it: a home that is moved, shared or
//! opened later is to be as safe as it looks.

use std::io;
use std::path::{Path, PathBuf};

use super::Store;
use super::disk::{DiskError, Kind};
use super::layout::{self, Site};
use super::names;

/// Something that others may do and should not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposed {
    /// The file or directory.
    pub path: PathBuf,
    /// Its permission bits.
    pub mode: u32,
    /// What others may do.
    pub may: May,
}

/// What others may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum May {
    /// Read what is its owner's alone.
    Read,
    /// Write to what is relied on, or take away what is in it.
    Write,
    /// Anything: it belongs to another user.
    Own {
        /// The numeric id of that user.
        user: u32,
    },
}

/// What is asked of a file.
#[derive(Clone, Copy)]
enum Kept {
    /// Nobody else may read it.
    Private,
    /// Nobody else may write to it.
    Unchanged,
}

/// Looks at files for one owner, and notes what is wrong.
struct Look<'a> {
    store: &'a Store,
    owner: u32,
    found: Vec<Exposed>,
}

impl Store {
    /// What others may read or change of this home and these sites. A home that does not exist is safe.
    pub fn exposed(&self, sites: &[Site]) -> Result<Vec<Exposed>, DiskError> {
        let home = &self.home;
        let Some(root) = self.disk.stat(home.root())? else { return Ok(Vec::new()) };
        let mut look = Look { store: self, owner: root.owner, found: Vec::new() };
        look.at(home.root(), Kept::Unchanged)?;
        for path in [home.etc(), home.groups(), home.signers(), home.profiles(), home.var()] {
            look.at(&path, Kept::Unchanged)?;
        }
        look.at(&home.identities(), Kept::Private)?;
        look.database(&home.key_value())?;
        look.secrets(&home.secrets(), 0)?;
        for dir in [home.binaries(), home.wits()] {
            look.at(&dir, Kept::Unchanged)?;
            look.each(&dir, |look, path| look.at(path, Kept::Unchanged))?;
        }
        look.each(&home.principals(), |look, dir| {
            let name = dir.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if names::check_principal(name).is_err() {
                return Ok(());
            }
            look.at(dir, Kept::Unchanged)?;
            let Ok(envs) = home.env_dir(name) else { return Ok(()) };
            look.each(&envs, |look, path| look.at(path, Kept::Private))
        })?;
        for site in sites {
            look.at(site.capsules(), Kept::Unchanged)?;
            look.each(site.capsules(), |look, dir| {
                look.at(dir, Kept::Unchanged)?;
                look.at(&layout::manifest_in(dir), Kept::Unchanged)?;
                look.at(&layout::meta_in(dir), Kept::Unchanged)
            })?;
        }
        Ok(look.found)
    }
}

impl Look<'_> {
    /// One file or directory, which need not be there. A link is judged by nobody: what it leads to
    /// counts where that is.
    fn at(&mut self, path: &Path, kept: Kept) -> Result<(), DiskError> {
        let stat = match self.store.disk.stat(path) {
            Ok(Some(stat)) if stat.kind != Kind::Link => stat,
            Ok(_) => return Ok(()),
            Err(error) if is_absent(&error) => return Ok(()),
            Err(error) => return Err(error),
        };
        let mode = stat.mode & 0o7777;
        // Whoever deletes what others put into a shared directory may not delete this.
        let sticky = stat.kind == Kind::Dir && mode & 0o1000 != 0;
        let may = if stat.owner != self.owner && stat.owner != 0 {
            Some(May::Own { user: stat.owner })
        } else if mode & 0o022 != 0 && !sticky {
            Some(May::Write)
        } else if matches!(kept, Kept::Private) && mode & 0o044 != 0 {
            Some(May::Read)
        } else {
            None
        };
        self.found.extend(may.map(|may| Exposed { path: path.to_owned(), mode, may }));
        Ok(())
    }

    /// Everything in a directory, which need not be there.
    fn each(
        &mut self,
        dir: &Path,
        mut look: impl FnMut(&mut Self, &Path) -> Result<(), DiskError>,
    ) -> Result<(), DiskError> {
        let names = match self.store.disk.list(dir) {
            Ok(names) => names,
            Err(error) if is_absent(&error) => return Ok(()),
            Err(error) => return Err(error),
        };
        names.iter().try_for_each(|name| look(self, &dir.join(name)))
    }

    /// A database and the files that it has beside it.
    fn database(&mut self, path: &Path) -> Result<(), DiskError> {
        for suffix in ["", "-wal", "-shm"] {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            self.at(Path::new(&name), Kept::Private)?;
        }
        Ok(())
    }

    /// Secrets: a directory for each scope, in it one for each capsule, in that a file for each key.
    fn secrets(&mut self, dir: &Path, depth: usize) -> Result<(), DiskError> {
        self.at(dir, Kept::Unchanged)?;
        self.each(dir, |look, path| match depth {
            0 | 1 => match look.store.disk.stat(path)?.map(|stat| stat.kind) {
                Some(Kind::Dir) => look.secrets(path, depth + 1),
                _ => look.at(path, Kept::Private),
            },
            _ => look.at(path, Kept::Private),
        })
    }
}

/// Whether there is no such file, be it that what should be a directory above it is none: stray files are
/// nobody's.
fn is_absent(error: &DiskError) -> bool {
    let is_none = |kind| kind == io::ErrorKind::NotADirectory;
    error.is_missing() || matches!(error, DiskError::Io { source, .. } if is_none(source.kind()))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::store::env::Values;
    use crate::store::hash::Hash;
    use crate::store::names::DEFAULT_PRINCIPAL;
    use crate::store::testing::Scratch;

    fn home() -> Scratch {
        let scratch = Scratch::new();
        scratch.install("c", "1.0.0");
        let store = scratch.store();
        let values = Values::from([("a".to_owned(), "1".to_owned())]);
        store.env(DEFAULT_PRINCIPAL, "c").expect("good names").set(&values).expect("room");
        let secrets = store.secrets(DEFAULT_PRINCIPAL, "c").expect("good names");
        secrets.set("token", "s3cret").expect("room");
        scratch
    }

    fn exposed(scratch: &Scratch) -> Vec<(PathBuf, May)> {
        let found = scratch.store().exposed(&[scratch.site()]).expect("readable");
        found.into_iter().map(|it| (it.path, it.may)).collect()
    }

    #[test]
    fn what_is_written_here_is_open_to_nobody() {
        assert_eq!(exposed(&home()), []);
        assert_eq!(exposed(&Scratch::new()), []);
    }

    #[test]
    fn each_kind_of_file_that_is_opened_to_others_is_found() {
        let paths = home();
        let home_dir = paths.home();
        let capsule = paths.site().capsules().join("c");
        let hash = Hash::of(b"code of c 1.0.0");
        let cases = [
            (home_dir.secret(DEFAULT_PRINCIPAL, "c", "token").expect("good"), 0o640, May::Read),
            (home_dir.secret_dir(DEFAULT_PRINCIPAL, "c").expect("good"), 0o770, May::Write),
            (home_dir.env_file(DEFAULT_PRINCIPAL, "c").expect("good"), 0o604, May::Read),
            (capsule.clone(), 0o777, May::Write),
            (capsule.join("Capsule.toml"), 0o664, May::Write),
            (capsule.join("meta.json"), 0o602, May::Write),
            (home_dir.binary(&hash), 0o666, May::Write),
            (home_dir.binaries(), 0o775, May::Write),
            (home_dir.root().to_owned(), 0o707, May::Write),
        ];
        for (path, mode, may) in cases {
            let scratch = home();
            let inside = path.strip_prefix(home_dir.root()).expect("in the home");
            let path = scratch.home().root().join(inside);
            fs::set_permissions(&path, Permissions::from_mode(mode)).expect("our own");
            assert_eq!(exposed(&scratch), [(path, may)]);
        }
    }

    #[test]
    fn stray_files_and_links_are_nobodys() {
        let scratch = home();
        let home = scratch.home();
        fs::write(home.principals().join("notes"), "").expect("own file");
        fs::write(scratch.site().capsules().join("notes"), "").expect("own file");
        fs::write(home.secrets().join("notes"), "").expect("own file");
        let link = scratch.site().capsules().join("linked");
        std::os::unix::fs::symlink("/nowhere", link).expect("a link");
        let file = home.secrets().join("notes");
        fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("own file");
        assert_eq!(exposed(&scratch), []);
    }

    #[test]
    fn a_shared_directory_that_keeps_what_is_in_it_will_do() {
        let scratch = home();
        let root = scratch.home().root().to_owned();
        fs::set_permissions(&root, Permissions::from_mode(0o1777)).expect("our own");
        assert_eq!(exposed(&scratch), []);
    }
}
