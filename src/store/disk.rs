//! The few file operations that the store uses, behind a trait, so that a test can make any of
//! them fail.
//!
//! Files are read whole and up to a cap; writing goes through a temporary file in the same
//! directory, which is synced and renamed. No operation follows a symbolic link in the last part of
//! a path unless it says so.

use std::fmt;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{CWD, OFlags, RenameFlags};

use crate::limits;

/// Permission bits of what only its owner may read.
pub(super) const PRIVATE_DIR: u32 = 0o700;
/// Permission bits of files that only their owner may read.
pub(super) const PRIVATE_FILE: u32 = 0o600;
/// Permission bits of what is no secret, before the process's mask is applied.
pub(super) const PUBLIC_DIR: u32 = 0o755;
/// Permission bits of files that are no secret, before the process's mask is applied.
pub(super) const PUBLIC_FILE: u32 = 0o644;

/// A file operation that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// The system refused it.
    #[error("{action} {}", path.display())]
    Io {
        /// What was attempted, as a verb.
        action: &'static str,
        /// What it was attempted on.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file has more bytes than its kind may have.
    #[error("{} is larger than {limit_bytes} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The cap.
        limit_bytes: u64,
    },
    /// A directory has more entries than are looked at.
    #[error("{} has more than {limit} entries", path.display())]
    TooMany {
        /// The directory.
        path: PathBuf,
        /// The cap.
        limit: usize,
    },
    /// A file was expected, and something else is there.
    #[error("{} is not a regular file", path.display())]
    NotAFile {
        /// What is there.
        path: PathBuf,
    },
    /// A directory that must be private belongs to somebody else, or others may write to it.
    #[error("{} is not private to its owner", path.display())]
    NotPrivate {
        /// The directory.
        path: PathBuf,
    },
}

impl DiskError {
    /// Whether there is nothing at the path.
    pub fn is_missing(&self) -> bool {
        matches!(self, DiskError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }

    pub(super) fn is_taken(&self) -> bool {
        matches!(self, DiskError::Io { source, .. }
            if source.kind() == io::ErrorKind::AlreadyExists)
    }

    /// Whether the file system cannot exchange two directories.
    pub(super) fn is_unsupported(&self) -> bool {
        use rustix::io::Errno;
        let lacking = [Errno::INVAL, Errno::NOSYS, Errno::OPNOTSUPP].map(Errno::raw_os_error);
        matches!(self, DiskError::Io { source, .. }
            if source.raw_os_error().is_some_and(|code| lacking.contains(&code)))
    }
}

/// What a path is, without following it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Dir,
    /// A symbolic link.
    Link,
    /// A device, pipe or socket.
    Special,
}

/// Facts about a path, without following it.
#[derive(Clone, Copy, Debug)]
pub struct Stat {
    /// What it is.
    pub kind: Kind,
    /// Its size in bytes.
    pub len: u64,
    /// Its permission bits.
    pub mode: u32,
    /// The numeric id of its owner.
    pub owner: u32,
    /// Which file it is, and since when.
    pub id: FileId,
}

/// What tells one content of a file from another without reading it: device, inode, size, and when it was
/// written and when its entry changed, each in seconds and nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileId([i64; 7]);

impl FileId {
    fn of(meta: &fs::Metadata) -> FileId {
        let times = [meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec()];
        // The numbers are compared, and nothing else: it does not matter how their bits are read.
        let [device, inode, size] = [meta.dev(), meta.ino(), meta.len()].map(u64::cast_signed);
        let [written, written_nanos, changed, changed_nanos] = times;
        FileId([device, inode, size, written, written_nanos, changed, changed_nanos])
    }

    /// When its entry changed, which it does whenever it is written to, since the Unix epoch.
    pub fn changed(&self) -> Duration {
        let [.., seconds, nanos] = self.0;
        let (seconds, nanos) = (u64::try_from(seconds), u32::try_from(nanos));
        Duration::new(seconds.unwrap_or(u64::MAX), nanos.unwrap_or(0))
    }
}

/// Whether the last part of a path may be a symbolic link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// It may.
    Follow,
    /// It may not.
    Refuse,
}

/// The file operations of the store. Each is one step: it has happened, or it has not.
///
/// Only [`Disk::write_new`], [`Disk::copy_new`] and [`Disk::remove_tree`] can stop half-way.
pub trait Disk: fmt::Debug + Send + Sync {
    /// Facts about `path`; nothing when there is nothing.
    fn stat(&self, path: &Path) -> Result<Option<Stat>, DiskError>;
    /// The names in a directory, sorted.
    fn list(&self, dir: &Path) -> Result<Vec<PathBuf>, DiskError>;
    /// The names of the directories in a directory, and of links to some, sorted.
    fn list_dirs(&self, dir: &Path) -> Result<Vec<PathBuf>, DiskError>;
    /// The content of a regular file of up to `limit_bytes`.
    fn read(&self, path: &Path, links: Links, limit_bytes: u64) -> Result<Vec<u8>, DiskError>;
    /// The path with every link resolved.
    fn canonicalize(&self, path: &Path) -> Result<PathBuf, DiskError>;
    /// Makes a directory, whose parent must exist.
    fn create_dir(&self, path: &Path, mode: u32) -> Result<(), DiskError>;
    /// Makes a file that must not exist, and syncs it.
    fn write_new(&self, path: &Path, bytes: &[u8], mode: u32) -> Result<(), DiskError>;
    /// Copies up to `limit_bytes` of a regular file into one that must not exist.
    fn copy_new(
        &self,
        from: &Path,
        to: &Path,
        mode: u32,
        limit_bytes: u64,
    ) -> Result<u64, DiskError>;
    /// Sets the permission bits.
    fn set_mode(&self, path: &Path, mode: u32) -> Result<(), DiskError>;
    /// Waits until a file, or the names in a directory, are on the medium.
    fn sync(&self, path: &Path) -> Result<(), DiskError>;
    /// Renames, replacing a file but never a directory with content.
    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError>;
    /// Lets two paths change places.
    fn exchange(&self, one: &Path, other: &Path) -> Result<(), DiskError>;
    /// Removes a file; nothing there is fine.
    fn remove_file(&self, path: &Path) -> Result<(), DiskError>;
    /// Removes a file or a directory with all its content; nothing there is fine.
    fn remove_tree(&self, path: &Path) -> Result<(), DiskError>;
    /// Opens a regular file for reading.
    fn open_read(&self, path: &Path, links: Links) -> Result<File, DiskError>;
    /// Opens a regular file for appending and reading, making it when there is none.
    fn open_append(&self, path: &Path, mode: u32) -> Result<File, DiskError>;
    /// Opens a lock file and locks it; nothing when `wait` is not and another holds it.
    fn lock(&self, path: &Path, wait: bool) -> Result<Option<File>, DiskError>;
}

/// The machine's own file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn stat(&self, path: &Path) -> Result<Option<Stat>, DiskError> {
        match fs::symlink_metadata(path) {
            Ok(meta) => Ok(Some(stat_of(&meta))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("look at", path)(error)),
        }
    }

    fn list(&self, dir: &Path) -> Result<Vec<PathBuf>, DiskError> {
        list_if(dir, |_| true)
    }

    fn list_dirs(&self, dir: &Path) -> Result<Vec<PathBuf>, DiskError> {
        // The kind stands in the directory itself: only links have to be looked at.
        list_if(dir, |entry| match entry.file_type() {
            Ok(kind) if kind.is_symlink() => fs::metadata(entry.path()).is_ok_and(|it| it.is_dir()),
            kind => kind.is_ok_and(|kind| kind.is_dir()),
        })
    }

    fn read(&self, path: &Path, links: Links, limit_bytes: u64) -> Result<Vec<u8>, DiskError> {
        let (file, size) = open_sized(path, links)?;
        let bytes = read_sized(file, size, limit_bytes).map_err(failed("read", path))?;
        if bytes.len() as u64 > limit_bytes {
            return Err(DiskError::TooLarge { path: path.to_owned(), limit_bytes });
        }
        Ok(bytes)
    }

    fn canonicalize(&self, path: &Path) -> Result<PathBuf, DiskError> {
        fs::canonicalize(path).map_err(failed("resolve", path))
    }

    fn create_dir(&self, path: &Path, mode: u32) -> Result<(), DiskError> {
        fs::DirBuilder::new().mode(mode).create(path).map_err(failed("create", path))
    }

    fn write_new(&self, path: &Path, bytes: &[u8], mode: u32) -> Result<(), DiskError> {
        let mut file = create_new(path, mode)?;
        file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed("write", path))
    }

    fn copy_new(
        &self,
        from: &Path,
        to: &Path,
        mode: u32,
        limit_bytes: u64,
    ) -> Result<u64, DiskError> {
        let source = open_regular(from, Links::Refuse)?;
        let mut target = create_new(to, mode)?;
        let copied = io::copy(&mut source.take(limit_bytes.saturating_add(1)), &mut target)
            .map_err(|error| {
                failed("copy", if is_about_room(&error) { to } else { from })(error)
            })?;
        if copied > limit_bytes {
            return Err(DiskError::TooLarge { path: from.to_owned(), limit_bytes });
        }
        Ok(copied)
    }

    fn set_mode(&self, path: &Path, mode: u32) -> Result<(), DiskError> {
        fs::set_permissions(path, Permissions::from_mode(mode))
            .map_err(failed("set permissions of", path))
    }

    fn sync(&self, path: &Path) -> Result<(), DiskError> {
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file =
            open(OpenOptions::new().read(true), path, flags).map_err(failed("open", path))?;
        file.sync_all().map_err(failed("sync", path))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        fs::rename(from, to).map_err(failed("put in place", to))
    }

    fn exchange(&self, one: &Path, other: &Path) -> Result<(), DiskError> {
        rustix::fs::renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)
            .map_err(|errno| failed("put in place", other)(errno.into()))
    }

    fn remove_file(&self, path: &Path) -> Result<(), DiskError> {
        missing_is_fine(fs::remove_file(path)).map_err(failed("remove", path))
    }

    fn remove_tree(&self, path: &Path) -> Result<(), DiskError> {
        let removed = match fs::symlink_metadata(path) {
            Ok(meta) if meta.is_dir() => fs::remove_dir_all(path),
            Ok(_) => fs::remove_file(path),
            Err(error) => Err(error),
        };
        missing_is_fine(removed).map_err(failed("remove", path))
    }

    fn open_read(&self, path: &Path, links: Links) -> Result<File, DiskError> {
        open_regular(path, links)
    }

    fn open_append(&self, path: &Path, mode: u32) -> Result<File, DiskError> {
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true).mode(mode);
        let file = open(&mut options, path, flags).map_err(failed("open", path))?;
        only_regular(file, path)
    }

    fn lock(&self, path: &Path, wait: bool) -> Result<Option<File>, DiskError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(PRIVATE_FILE);
        let file = open(&mut options, path, OFlags::NOFOLLOW | OFlags::NONBLOCK)
            .map_err(failed("open", path))?;
        loop {
            let locked = if wait { file.lock() } else { file.try_lock().map_err(io::Error::from) };
            return match locked {
                Ok(()) => Ok(Some(file)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
                Err(error) => Err(failed("lock", path)(error)),
            };
        }
    }
}

/// Turns a system error into one that says what was attempted on which path.
pub(super) fn failed<'a>(
    action: &'static str,
    path: &'a Path,
) -> impl Fn(io::Error) -> DiskError + 'a {
    move |source| DiskError::Io { action, path: path.to_owned(), source }
}

/// The names in a directory, sorted, of what is `wanted`.
fn list_if(dir: &Path, wanted: impl Fn(&fs::DirEntry) -> bool) -> Result<Vec<PathBuf>, DiskError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed("list", dir))? {
        let entry = entry.map_err(failed("list", dir))?;
        if !wanted(&entry) {
            continue;
        }
        if names.len() == limits::SOURCE_FILES_MAX {
            let limit = limits::SOURCE_FILES_MAX;
            return Err(DiskError::TooMany { path: dir.to_owned(), limit });
        }
        names.push(entry.file_name());
    }
    // As names, which is quicker than as paths and comes to the same.
    names.sort_unstable();
    Ok(names.into_iter().map(PathBuf::from).collect())
}

fn stat_of(meta: &fs::Metadata) -> Stat {
    let kind = if meta.is_file() {
        Kind::File
    } else if meta.is_dir() {
        Kind::Dir
    } else if meta.is_symlink() {
        Kind::Link
    } else {
        Kind::Special
    };
    Stat {
        kind,
        len: meta.len(),
        mode: meta.mode() & 0o7777,
        owner: meta.uid(),
        id: FileId::of(meta),
    }
}

fn open(options: &mut OpenOptions, path: &Path, flags: OFlags) -> io::Result<File> {
    // The flags are plain bits on every Unix; the cast only changes their Rust type.
    options.custom_flags(flags.bits() as i32).open(path)
}

/// Opens for reading without ever waiting for the writer of a pipe.
fn open_regular(path: &Path, links: Links) -> Result<File, DiskError> {
    open_sized(path, links).map(|(file, _)| file)
}

/// The same, and how many bytes it holds.
fn open_sized(path: &Path, links: Links) -> Result<(File, u64), DiskError> {
    let mut flags = OFlags::NONBLOCK;
    if links == Links::Refuse {
        flags |= OFlags::NOFOLLOW;
    }
    let file = open(OpenOptions::new().read(true), path, flags).map_err(failed("read", path))?;
    sized(file, path)
}

/// Reads a file up to one byte more than the limit, which tells that there is more.
///
/// There is room for all of it from the beginning: memory that grows is copied, and a file of ordinary
/// size takes two system calls, whatever its size.
pub(crate) fn read_at_most(file: File, limit_bytes: u64) -> io::Result<Vec<u8>> {
    let size = file.metadata()?.len();
    read_sized(file, size, limit_bytes)
}

fn read_sized(mut file: File, size: u64, limit_bytes: u64) -> io::Result<Vec<u8>> {
    let expected = usize::try_from(size.min(limit_bytes)).unwrap_or(0);
    // One more, which tells that there is more: a regular file gives less than it is asked for only at
    // its end.
    let mut bytes = vec![0; expected + 1];
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if filled == expected {
            break;
        }
    }
    let has_grown = filled == bytes.len();
    bytes.truncate(filled);
    if has_grown {
        let rest = limit_bytes.saturating_add(1).saturating_sub(filled as u64);
        file.take(rest).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn only_regular(file: File, path: &Path) -> Result<File, DiskError> {
    sized(file, path).map(|(file, _)| file)
}

fn sized(file: File, path: &Path) -> Result<(File, u64), DiskError> {
    let metadata = file.metadata().map_err(failed("look at", path))?;
    if metadata.is_file() {
        Ok((file, metadata.len()))
    } else {
        Err(DiskError::NotAFile { path: path.to_owned() })
    }
}

fn create_new(path: &Path, mode: u32) -> Result<File, DiskError> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .map_err(failed("create", path))
}

/// Whether only writing can end like this.
fn is_about_room(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

fn missing_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
