//! What is known about a file.

use std::time::Duration;

use cap_std::fs::{FileTypeExt, Metadata, MetadataExt};

/// What kind of thing has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Kind {
    Regular,
    Directory,
    Symlink,
    BlockDevice,
    CharacterDevice,
    Fifo,
    Socket,
    Unknown,
}

/// A point in time: whole seconds since 1970 in UTC, and nanoseconds on top of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp {
    /// Whole seconds; negative before 1970.
    pub seconds: i64,
    /// Below 1 000 000 000.
    pub nanoseconds: u32,
}

/// What is known about a file or directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Bytes.
    pub size: u64,
    /// What it is.
    pub kind: Kind,
    /// Type and permission bits.
    pub mode: u32,
    /// When its content changed.
    pub modified: Option<Timestamp>,
    /// When it was made, where that is recorded.
    pub created: Option<Timestamp>,
    /// When it was read, where that is recorded.
    pub accessed: Option<Timestamp>,
}

impl Stat {
    pub(crate) fn of(metadata: &Metadata) -> Stat {
        let time = |seconds, nanoseconds: i64| Timestamp {
            seconds,
            nanoseconds: u32::try_from(nanoseconds).unwrap_or(0),
        };
        let created = metadata.created().ok().and_then(|time| {
            let since: Duration = time.into_std().duration_since(std::time::UNIX_EPOCH).ok()?;
            let seconds = i64::try_from(since.as_secs()).ok()?;
            Some(Timestamp { seconds, nanoseconds: since.subsec_nanos() })
        });
        Stat {
            size: metadata.size(),
            kind: kind(metadata),
            mode: metadata.mode(),
            modified: Some(time(metadata.mtime(), metadata.mtime_nsec())),
            created,
            accessed: Some(time(metadata.atime(), metadata.atime_nsec())),
        }
    }
}

fn kind(metadata: &Metadata) -> Kind {
    let ty = metadata.file_type();
    if ty.is_file() {
        Kind::Regular
    } else if ty.is_dir() {
        Kind::Directory
    } else if ty.is_symlink() {
        Kind::Symlink
    } else if ty.is_block_device() {
        Kind::BlockDevice
    } else if ty.is_char_device() {
        Kind::CharacterDevice
    } else if ty.is_fifo() {
        Kind::Fifo
    } else if ty.is_socket() {
        Kind::Socket
    } else {
        Kind::Unknown
    }
}

/// By what a file is known again: whoever changes it changes this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Print {
    pub(crate) kind: Kind,
    pub(crate) device: u64,
    pub(crate) inode: u64,
    /// Of directories, what they hold is no part of it.
    content: Option<(u64, i64, i64, u32)>,
    changed: Option<(i64, i64)>,
}

impl Print {
    pub(crate) fn of(metadata: &Metadata) -> Print {
        let kind = kind(metadata);
        let content = (metadata.size(), metadata.mtime(), metadata.mtime_nsec(), metadata.mode());
        let is_dir = kind == Kind::Directory;
        Print {
            kind,
            device: metadata.dev(),
            inode: metadata.ino(),
            content: (!is_dir).then_some(content),
            changed: (!is_dir).then(|| (metadata.ctime(), metadata.ctime_nsec())),
        }
    }

    /// The same, but for the time of the last change of its metadata, which a hard link moves too.
    pub(crate) fn without_change_time(self) -> Print {
        Print { changed: None, ..self }
    }
}
