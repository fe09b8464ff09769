//! Which files of a directory belong to an installed capsule.
//!
//! The tree is looked at once, without changing anything, and copied from what was seen. Links may
//! lead to files inside the directory only and arrive as the files they lead to. Of a source, binaries,
//! WIT files and what tools leave behind stay out; of a version that was installed once, nothing does.

use std::path::{Path, PathBuf};

use super::Store;
use super::disk::{DiskError, Kind, Links, PUBLIC_DIR, Stat};
use super::hash::Hash;
use crate::limits;

/// Bytes that a capsule's tree may hold beside its binary; far above any capsule seen, and low
/// enough that a mistyped directory does not fill a disk.
pub const SOURCE_BYTES_MAX: u64 = 1 << 30;

/// Directories that stay out wherever they are.
const SKIPPED_ANYWHERE: [&str; 2] = [".git", "target"];
/// Directories that stay out at the root.
const SKIPPED_AT_ROOT: [&str; 2] = ["dist", "wit"];
/// Files at the root that an install writes itself.
const WRITTEN_AT_ROOT: [&str; 2] = ["Capsule.toml", "meta.json"];

/// What a directory is that is installed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An author's, with whatever else is in it.
    Source,
    /// That of a version which was installed: its binary and WIT files are stored elsewhere, so that
    /// whatever there is of such a name was written by its hooks.
    Installed,
}

/// A source directory that cannot be installed from.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// It could not be read.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// A link leads nowhere.
    #[error("the link {} leads nowhere", path.display())]
    LinkDangling {
        /// The link.
        path: PathBuf,
        /// What following it gave.
        source: DiskError,
    },
    /// A link leads out of the directory.
    #[error("the link {} leads out of the capsule to {}", path.display(), target.display())]
    LinkOutside {
        /// The link.
        path: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// A link leads to a directory.
    #[error("the link {} leads to a directory", path.display())]
    LinkToDirectory {
        /// The link.
        path: PathBuf,
    },
    /// There is a device, pipe or socket.
    #[error("{} is neither a file nor a directory", path.display())]
    Special {
        /// What was found.
        path: PathBuf,
    },
    /// Directories are nested too deeply.
    #[error("{} is nested more than {limit} directories deep", path.display())]
    TooDeep {
        /// The first directory that is too deep.
        path: PathBuf,
        /// The cap.
        limit: usize,
    },
    /// There are too many files.
    #[error("the capsule has more than {limit} files and directories")]
    TooMany {
        /// The cap.
        limit: usize,
    },
    /// The files are too large together.
    #[error("the files of the capsule have more than {limit_bytes} bytes")]
    TooLarge {
        /// The cap.
        limit_bytes: u64,
    },
    /// A WIT file has a name that cannot be recorded.
    #[error("the name of {} is not UTF-8 text", path.display())]
    WitName {
        /// The file.
        path: PathBuf,
    },
    /// A WIT file is no longer what it was.
    #[error("{} changed during the install", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
}

/// The files of a capsule, as they were when the tree was looked at.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// What is copied, every directory before its content.
    pub entries: Vec<TreeEntry>,
    /// The WIT files.
    pub wits: Vec<WitFile>,
}

/// Something that is copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// Its path in the capsule.
    pub path: PathBuf,
    /// The file whose content it has; nothing for a directory.
    pub from: Option<PathBuf>,
    /// Its permission bits.
    pub mode: u32,
    /// Its size when it was looked at.
    pub len: u64,
}

/// A WIT file, which is stored by its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitFile {
    /// Its path relative to `wit/`, with `/` between the parts.
    pub name: String,
    /// The file.
    pub from: PathBuf,
    /// The digest of its content.
    pub hash: Hash,
}

impl Store {
    /// Looks at a directory, leaving out the directories in `except` wherever they are.
    pub fn tree(
        &self,
        source: &Path,
        origin: Origin,
        except: &[PathBuf],
    ) -> Result<Tree, TreeError> {
        let root = self.disk.canonicalize(source)?;
        // What does not exist cannot be met on the way.
        let except = except.iter().filter_map(|dir| self.disk.canonicalize(dir).ok()).collect();
        let walk = Walk { store: self, root, origin, except, bytes: 0, tree: Tree::default() };
        walk.run()
    }

    /// Copies a tree into a directory that is empty.
    pub(super) fn copy_tree(&self, tree: &Tree, to: &Path) -> Result<(), TreeError> {
        let mut room = SOURCE_BYTES_MAX;
        for entry in &tree.entries {
            let path = to.join(&entry.path);
            match &entry.from {
                Some(from) => room -= self.disk.copy_new(from, &path, entry.mode, room)?,
                None => self.disk.create_dir(&path, entry.mode)?,
            }
        }
        Ok(())
    }

    pub(super) fn read_wit(&self, path: &Path) -> Result<Vec<u8>, DiskError> {
        self.disk.read(path, Links::Refuse, limits::WIT_FILE_BYTES_MAX)
    }
}

struct Walk<'a> {
    store: &'a Store,
    root: PathBuf,
    origin: Origin,
    except: Vec<PathBuf>,
    bytes: u64,
    tree: Tree,
}

impl Walk<'_> {
    fn run(mut self) -> Result<Tree, TreeError> {
        let mut waiting = vec![PathBuf::new()];
        while let Some(dir) = waiting.pop() {
            for name in self.list(&dir)? {
                let path = dir.join(&name);
                let full = self.root.join(&path);
                let Some(stat) = self.store.disk.stat(&full)? else {
                    continue;
                };
                match stat.kind {
                    Kind::Link => self.link(path, full)?,
                    Kind::File => self.file(path, full, stat)?,
                    Kind::Dir => {
                        if !self.skips_dir(&dir, &name, &full) {
                            self.directory(path.clone())?;
                            waiting.push(path);
                        }
                    }
                    Kind::Special => return Err(TreeError::Special { path: full }),
                }
            }
        }
        if self.origin == Origin::Source {
            self.wits()?;
        }
        Ok(self.tree)
    }

    fn skips_dir(&self, parent: &Path, name: &Path, full: &Path) -> bool {
        let named = |names: &[&str]| names.iter().any(|skipped| name == Path::new(skipped));
        let at_root = parent.as_os_str().is_empty();
        let left_behind = named(&SKIPPED_ANYWHERE) || (at_root && named(&SKIPPED_AT_ROOT));
        (self.origin == Origin::Source && left_behind) || self.except.iter().any(|dir| dir == full)
    }

    fn directory(&mut self, path: PathBuf) -> Result<(), TreeError> {
        self.push(TreeEntry { path, from: None, mode: PUBLIC_DIR, len: 0 })
    }

    fn file(&mut self, path: PathBuf, from: PathBuf, stat: Stat) -> Result<(), TreeError> {
        let written = WRITTEN_AT_ROOT.iter().any(|name| path == Path::new(name));
        let stored = self.origin == Origin::Source && (is_wasm(&path) || is_wasm(&from));
        if written || stored {
            return Ok(());
        }
        // Nobody but the owner may write, and the owner always can.
        let mode = (stat.mode & 0o755) | 0o600;
        self.bytes = self.bytes.saturating_add(stat.len);
        if self.bytes > SOURCE_BYTES_MAX {
            return Err(TreeError::TooLarge { limit_bytes: SOURCE_BYTES_MAX });
        }
        self.push(TreeEntry { path, from: Some(from), mode, len: stat.len })
    }

    fn link(&mut self, path: PathBuf, full: PathBuf) -> Result<(), TreeError> {
        let target = match self.store.disk.canonicalize(&full) {
            Ok(target) => target,
            Err(source) => return Err(TreeError::LinkDangling { path: full, source }),
        };
        if !target.starts_with(&self.root) {
            return Err(TreeError::LinkOutside { path: full, target });
        }
        match self.store.disk.stat(&target)? {
            Some(stat) if stat.kind == Kind::File => self.file(path, target, stat),
            Some(stat) if stat.kind == Kind::Dir => Err(TreeError::LinkToDirectory { path: full }),
            _ => Err(TreeError::Special { path: target }),
        }
    }

    fn push(&mut self, entry: TreeEntry) -> Result<(), TreeError> {
        let limit = limits::SOURCE_FILES_MAX;
        if self.tree.entries.len() == limit {
            return Err(TreeError::TooMany { limit });
        }
        self.tree.entries.push(entry);
        Ok(())
    }

    /// The names in a directory that is not too deep.
    fn list(&self, dir: &Path) -> Result<Vec<PathBuf>, TreeError> {
        let limit = limits::SOURCE_DEPTH_MAX;
        let full = self.root.join(dir);
        if dir.components().count() > limit {
            return Err(TreeError::TooDeep { path: full, limit });
        }
        Ok(self.store.disk.list(&full)?)
    }

    /// Collects the regular files under `wit/`; links are not followed here.
    fn wits(&mut self) -> Result<(), TreeError> {
        let mut waiting = vec![PathBuf::from("wit")];
        if self.kind(Path::new("wit"))? != Some(Kind::Dir) {
            return Ok(());
        }
        while let Some(dir) = waiting.pop() {
            for name in self.list(&dir)? {
                let path = dir.join(&name);
                match self.kind(&path)? {
                    Some(Kind::Dir) => waiting.push(path),
                    Some(Kind::File) if has_suffix(&path, b".wit") => self.wit(&path)?,
                    _ => {}
                }
            }
        }
        self.tree.wits.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(())
    }

    fn wit(&mut self, path: &Path) -> Result<(), TreeError> {
        let from = self.root.join(path);
        let name = path.strip_prefix("wit").ok().and_then(Path::to_str);
        let Some(name) = name.map(str::to_owned) else {
            return Err(TreeError::WitName { path: from });
        };
        let limit = limits::SOURCE_FILES_MAX;
        if self.tree.wits.len() == limit {
            return Err(TreeError::TooMany { limit });
        }
        let hash = Hash::of(&self.store.read_wit(&from)?);
        self.tree.wits.push(WitFile { name, from, hash });
        Ok(())
    }

    fn kind(&self, path: &Path) -> Result<Option<Kind>, DiskError> {
        Ok(self.store.disk.stat(&self.root.join(path))?.map(|stat| stat.kind))
    }
}

fn is_wasm(path: &Path) -> bool {
    has_suffix(path, b".wasm")
}

fn has_suffix(path: &Path, suffix: &[u8]) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(suffix)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::store::testing::{Scratch, mode_of};

    fn source(scratch: &Scratch, files: &[&str]) -> PathBuf {
        let root = scratch.dir("source");
        for file in files {
            let path = root.join(file);
            fs::create_dir_all(path.parent().expect("inside")).expect("a scratch directory");
            fs::write(path, file).expect("a scratch file");
        }
        root
    }

    fn files(tree: &Tree) -> Vec<&str> {
        let mut names: Vec<&str> = tree
            .entries
            .iter()
            .filter(|entry| entry.from.is_some())
            .filter_map(|entry| entry.path.to_str())
            .collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn what_tools_leave_behind_stays_out() {
        let scratch = Scratch::new();
        let root = source(
            &scratch,
            &[
                "Capsule.toml",
                "meta.json",
                "a.wasm",
                "x/b.wasm",
                "dist/a",
                "target/a",
                ".git/a",
                "wit/a.wit",
                "wit/deps/b/c.wit",
                "wit/notes.txt",
                "node_modules/p/dist/kept",
                "x/target/a",
                "x/wit/kept.wit",
                ".env.json",
                "readme",
            ],
        );
        let tree = scratch.store().tree(&root, Origin::Source, &[]).expect("a fine tree");
        let kept = [".env.json", "node_modules/p/dist/kept", "readme", "x/wit/kept.wit"];
        assert_eq!(files(&tree), kept);
        let wits: Vec<&str> = tree.wits.iter().map(|wit| wit.name.as_str()).collect();
        assert_eq!(wits, ["a.wit", "deps/b/c.wit"]);
    }

    #[test]
    fn of_what_was_installed_everything_is_copied_but_what_an_install_writes() {
        let scratch = Scratch::new();
        let written = ["dist/a", "wit/a.wit", "x/b.wasm", "target/a", ".git/a"];
        let all = ["Capsule.toml", "meta.json"].into_iter().chain(written);
        let root = source(&scratch, &all.collect::<Vec<_>>());
        let tree = scratch.store().tree(&root, Origin::Installed, &[]).expect("a fine tree");
        let mut expected = written;
        expected.sort_unstable();
        assert_eq!((files(&tree), tree.wits.len()), (expected.to_vec(), 0));
    }

    #[test]
    fn links_outside_to_directories_and_to_nothing_are_refused() {
        let scratch = Scratch::new();
        let root = source(&scratch, &["dir/file"]);
        fs::write(scratch.path("outside"), "").expect("a scratch file");
        for (target, expected) in [
            ("../outside", "LinkOutside"),
            ("/etc/hostname", "LinkOutside"),
            ("dir", "LinkToDirectory"),
            ("nowhere", "LinkDangling"),
            ("link", "LinkDangling"),
        ] {
            // The rule holds for names that are otherwise skipped, too.
            for name in ["link", "dist", "target"] {
                let link = root.join(name);
                symlink(if target == "link" { name } else { target }, &link).expect("a link");
                let error = scratch.store().tree(&root, Origin::Source, &[]).expect_err("refused");
                assert!(format!("{error:?}").starts_with(expected), "{target}: {error:?}");
                fs::remove_file(&link).expect("a link");
            }
        }
    }

    #[test]
    fn a_link_to_a_file_inside_becomes_that_file() {
        let scratch = Scratch::new();
        let root = source(&scratch, &["dir/file", "dir/a.wasm"]);
        symlink("dir/file", root.join("link")).expect("a link");
        symlink("dir/a.wasm", root.join("binary")).expect("a link");
        let tree = scratch.store().tree(&root, Origin::Source, &[]).expect("a fine tree");
        assert_eq!(files(&tree), ["dir/file", "link"]);
        let copy = scratch.dir("copy");
        scratch.store().copy_tree(&tree, &copy).expect("room");
        let kind = fs::symlink_metadata(copy.join("link")).expect("copied").file_type();
        assert!(kind.is_file());
        assert_eq!(fs::read_to_string(copy.join("link")).expect("copied"), "dir/file");
    }

    #[test]
    fn others_cannot_write_to_copies() {
        let scratch = Scratch::new();
        let root = source(&scratch, &["dir/script"]);
        for path in ["dir", "dir/script"] {
            let open = fs::Permissions::from_mode(0o4777);
            fs::set_permissions(root.join(path), open).expect("own files");
        }
        let tree = scratch.store().tree(&root, Origin::Source, &[]).expect("a fine tree");
        let copy = scratch.dir("copy");
        scratch.store().copy_tree(&tree, &copy).expect("room");
        for path in ["dir", "dir/script"] {
            assert_eq!(mode_of(&copy.join(path)) & 0o7022, 0, "{path}");
        }
        assert_eq!(mode_of(&copy.join("dir/script")) & 0o700, 0o700);
    }

    #[test]
    fn pipes_and_bottomless_trees_are_refused() {
        let scratch = Scratch::new();
        let root = source(&scratch, &["file"]);
        let pipe = root.join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).expect("a pipe");
        let tree = scratch.store().tree(&root, Origin::Source, &[]);
        assert!(matches!(tree, Err(TreeError::Special { .. })));
        fs::remove_file(&pipe).expect("a pipe");
        let deep: PathBuf = (0..=limits::SOURCE_DEPTH_MAX).map(|_| "d").collect();
        fs::create_dir_all(root.join(deep)).expect("a scratch directory");
        assert!(matches!(
            scratch.store().tree(&root, Origin::Source, &[]),
            Err(TreeError::TooDeep { .. })
        ));
    }

    #[test]
    fn an_excepted_directory_stays_out() {
        let scratch = Scratch::new();
        let root = source(&scratch, &["a", "own/capsules/b", "own/c"]);
        let except = [root.join("own/capsules"), root.join("not/there")];
        let tree = scratch.store().tree(&root, Origin::Source, &except).expect("a fine tree");
        assert_eq!(files(&tree), ["a", "own/c"]);
    }

    #[test]
    fn a_wit_file_over_one_mebibyte_is_refused() {
        let scratch = Scratch::new();
        let root = source(&scratch, &["wit/a.wit"]);
        fs::write(root.join("wit/a.wit"), vec![b' '; 1 << 20]).expect("a scratch file");
        assert!(scratch.store().tree(&root, Origin::Source, &[]).is_ok());
        fs::write(root.join("wit/a.wit"), vec![b' '; (1 << 20) + 1]).expect("a scratch file");
        let tree = scratch.store().tree(&root, Origin::Source, &[]);
        assert!(matches!(tree, Err(TreeError::Disk(DiskError::TooLarge { .. }))));
    }
}
