//! `.capsule` archives: a tar file under gzip, with `Capsule.toml` at its root.
//!
//! [`unpack`] reads what a stranger made. Everything about it is bounded before anything is written,
//! names become paths only after they were checked, and the first thing that is not as it should be
//! ends the reading. [`pack`] makes archives: the same files always give the same bytes, and what
//! `unpack` would refuse is not made.

mod gauge;
mod names;
mod read;
mod write;

#[cfg(test)]
mod tests;

pub use read::{Unpacked, unpack, verify};
pub use write::{PackFile, pack};

use std::io;
use std::path::PathBuf;

use crate::limits;

/// What an archive may hold.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of all files together.
    pub total_bytes: u64,
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Files and directories.
    pub entries: usize,
    /// Bytes of one path.
    pub path_bytes: usize,
    /// Directories within each other.
    pub depth: usize,
    /// Bytes that one compressed byte may become, on the whole.
    pub ratio: u64,
    /// Bytes that are unpacked before the ratio counts.
    pub ratio_from_bytes: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            total_bytes: limits::ARCHIVE_BYTES_MAX,
            file_bytes: limits::ARCHIVE_FILE_BYTES_MAX,
            entries: limits::ARCHIVE_ENTRIES_MAX,
            path_bytes: limits::ARCHIVE_PATH_BYTES_MAX,
            depth: limits::SOURCE_DEPTH_MAX,
            ratio: limits::ARCHIVE_RATIO_MAX,
            ratio_from_bytes: limits::ARCHIVE_RATIO_FROM_BYTES,
        }
    }
}

/// An archive that is refused, or that could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The archive could not be read from where it is.
    #[error("the archive cannot be read")]
    Read(#[source] io::Error),
    /// A file could not be written or read on this side.
    #[error("cannot use {}", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file does not start like gzip.
    #[error("it is not gzip: an archive is a tar file under gzip")]
    NotGzip,
    /// The compressed data is damaged or cut short.
    #[error("its compressed data is damaged or cut short")]
    Damaged(#[source] io::Error),
    /// The tar file ends before its end mark.
    #[error("it is cut short: the tar file has no end mark")]
    Truncated,
    /// A header of the tar file is damaged.
    #[error("the tar header at byte {offset} is damaged: {what}")]
    Header {
        /// Where it starts in the uncompressed archive.
        offset: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// Something follows the archive.
    #[error("something follows {after}")]
    Trailing {
        /// What it follows.
        after: &'static str,
    },
    /// An entry is not one that an archive may have.
    #[error("entry {name:?} {problem}")]
    Entry {
        /// Its name, shortened and made printable.
        name: String,
        /// What is wrong with it.
        problem: EntryProblem,
    },
    /// There are too many entries.
    #[error("it has more than {limit} entries")]
    TooMany {
        /// The cap.
        limit: usize,
    },
    /// The files are too large together.
    #[error("its files have more than {limit_bytes} bytes together")]
    TooLarge {
        /// The cap.
        limit_bytes: u64,
    },
    /// It is compressed more than anything useful is.
    #[error("it unpacks to more than {limit} times its size")]
    Ratio {
        /// The cap.
        limit: u64,
    },
    /// There is no manifest at the root.
    #[error("there is no Capsule.toml at its root{}", hint(found))]
    NoManifest {
        /// A manifest that is elsewhere.
        found: Option<String>,
    },
}

fn hint(found: &Option<String>) -> String {
    found.as_ref().map_or(String::new(), |found| format!(", only {found:?}"))
}

/// What is wrong with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryProblem {
    /// It has no name.
    #[error("has no name")]
    NoName,
    /// Its name is not text.
    #[error("has a name that is not UTF-8")]
    NotUtf8,
    /// Its path starts at the root of the file system.
    #[error("has an absolute path")]
    Absolute,
    /// Its path has a `..`.
    #[error("has `..` in its path")]
    Parent,
    /// Its path has characters that some systems take for something else.
    #[error("has a backslash, a colon or a control character in its path")]
    Character,
    /// Its path is too long.
    #[error("has a path that is too long")]
    PathTooLong,
    /// It is in too many directories.
    #[error("is nested too deeply")]
    TooDeep,
    /// The same path was there before.
    #[error("is there twice")]
    Duplicate,
    /// A path that differs only in upper and lower case was there before.
    #[error("differs from another one only in upper and lower case")]
    CaseTwin,
    /// It is below something that is a file.
    #[error("is below a file")]
    BelowFile,
    /// It is a symbolic or hard link.
    #[error("is a link")]
    Link,
    /// It is a device, pipe or socket.
    #[error("is a device or a pipe")]
    Device,
    /// It is something else than a file or directory.
    #[error("is of a kind that archives do not have")]
    Kind,
    /// It is a file with holes.
    #[error("is a sparse file")]
    Sparse,
    /// It has more bytes than one file may have.
    #[error("is too large")]
    TooLarge,
    /// It is a directory with content.
    #[error("is a directory with content")]
    DirectoryContent,
    /// Its extended header cannot be read, or changes what is not to be changed.
    #[error("has an extended header that is damaged or not allowed")]
    Extended,
}
