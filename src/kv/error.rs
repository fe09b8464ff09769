//! What can go wrong with the key-value store, as data.
//!
//! [`KvError`] is what one operation answers; the first four kinds are the guest's own doing and
//! have a case of their own in the guest interface. [`StoreError`] is trouble with the file: it
//! names the file and a [`StoreFault`], and is decided by error codes, never by message text.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::ErrorCode;
use rusqlite::ffi::SQLITE_READONLY_DBMOVED;

use super::namespace::NamespaceError;
use crate::limits;

/// Why an operation of the store failed.
///
/// The store is as it was before. After [`KvError::Store`] from a write, which may be a failing
/// disk, it is as before or as asked for, and nothing between.
#[derive(Debug, thiserror::Error)]
pub enum KvError {
    /// The key, prefix or cursor cannot be used.
    #[error("invalid key: {0}")]
    InvalidKey(#[from] KeyFault),
    /// The value is too long, or the answer would be.
    #[error(transparent)]
    TooLarge(#[from] Excess),
    /// The write would take the namespace, or the staged writes, past their limit.
    #[error("more than {limit_bytes} bytes of keys and values")]
    Quota {
        /// The limit, in bytes of keys and values.
        limit_bytes: u64,
    },
    /// The value was not the expected one; nothing was written.
    #[error("the value is not the expected one")]
    CasMismatch,
    /// Another writer held the store for too long.
    #[error("the key-value store was busy for {} s", waited.as_secs())]
    Busy {
        /// How long the operation waited.
        waited: Duration,
    },
    /// The store itself is at fault.
    #[error(transparent)]
    Store(#[from] Box<StoreError>),
}

/// What is wrong with a key, prefix or cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// Keys have at least one byte.
    #[error("it is empty")]
    Empty,
    /// Longer than [`limits::KV_KEY_BYTES_MAX`].
    #[error("it has {bytes} bytes; {} are allowed", limits::KV_KEY_BYTES_MAX)]
    TooLong {
        /// Length of the key.
        bytes: usize,
    },
    /// It contains a NUL character.
    #[error("it contains a NUL character")]
    Nul,
    /// It contains another control character.
    #[error("it contains the control character U+{:04X}", u32::from(*found))]
    Control {
        /// The first such character.
        found: char,
    },
    /// It begins with the prefix that is kept for the host.
    #[error("keys that begin with {:?} are reserved", super::key::RESERVED_PREFIX)]
    Reserved,
}

/// What is too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Excess {
    /// Longer than [`limits::KV_VALUE_BYTES_MAX`].
    #[error("the value has {bytes} bytes; {} are allowed", limits::KV_VALUE_BYTES_MAX)]
    Value {
        /// Length of the value.
        bytes: usize,
    },
    /// More than [`limits::KV_KEYS_MAX`] keys match; ask for pages instead.
    #[error("more than {} keys match", limits::KV_KEYS_MAX)]
    Keys,
}

/// Trouble with the file of a store.
#[derive(Debug, thiserror::Error)]
#[error("key-value store {}", path.display())]
pub struct StoreError {
    /// The database file, or `:memory:`.
    pub path: PathBuf,
    /// What is wrong with it.
    #[source]
    pub fault: StoreFault,
}

/// What is wrong with the file of a store.
#[derive(Debug, thiserror::Error)]
pub enum StoreFault {
    /// Something other than a regular file is in its place.
    #[error("it is not a regular file")]
    NotAFile,
    /// The file is not an SQLite database.
    #[error("it is not a database")]
    NotADatabase,
    /// The file is a database, but somebody else's.
    #[error("it is a database of another program (application id {application_id:#010x})")]
    Foreign {
        /// The mark that the database carries.
        application_id: i32,
    },
    /// The database was written by a newer version of this program, or has no valid version.
    #[error("it has schema version {found}; this program knows version {known}")]
    Version {
        /// The version in the file.
        found: i32,
        /// The version that this program reads and writes.
        known: i32,
    },
    /// Other users may read the file or change its directory.
    #[error("{} is open to other users (mode {mode:04o})", at.display())]
    Insecure {
        /// The file or directory with that mode.
        at: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The log of a database is there, but the database is not: starting anew would lose both.
    #[error("the database is gone, but its log {} is there", log.display())]
    Orphaned {
        /// The log file.
        log: PathBuf,
    },
    /// The file was deleted or replaced while it was in use.
    #[error("it was deleted or replaced while in use")]
    Replaced,
    /// The database holds entries under a name that no namespace has.
    #[error("it holds a namespace that cannot be")]
    BadNamespace(#[source] NamespaceError),
    /// The database is damaged.
    #[error("it is damaged")]
    Corrupt(#[source] rusqlite::Error),
    /// The disk, or the memory that a store without a file may use, is full.
    #[error("there is no space left")]
    Full(#[source] rusqlite::Error),
    /// The file, or one that belongs to it, cannot be opened: permissions, or too many open files.
    #[error("it cannot be opened")]
    CannotOpen(#[source] rusqlite::Error),
    /// Reading from or writing to the disk failed.
    #[error("the disk failed")]
    Disk(#[source] rusqlite::Error),
    /// The file, its directory or the file system does not take writes.
    #[error("it is read-only")]
    ReadOnly(#[source] rusqlite::Error),
    /// A file operation failed.
    #[error("cannot {action} {}", at.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// The file or directory.
        at: PathBuf,
        /// What the system answered.
        #[source]
        source: io::Error,
    },
    /// Any other failure of the database library.
    #[error("database failure")]
    Database(#[source] rusqlite::Error),
}

impl StoreFault {
    /// Attaches the path of the store.
    pub(super) fn of(self, path: &Path) -> KvError {
        KvError::Store(Box::new(StoreError { path: path.to_owned(), fault: self }))
    }
}

/// Sorts a failure of the database library; `waited` is what a busy answer reports.
pub(super) fn classify(error: rusqlite::Error, path: &Path, waited: Duration) -> KvError {
    let fault = match error.sqlite_error_code() {
        Some(_) if error.sqlite_extended_error_code() == Some(SQLITE_READONLY_DBMOVED) => {
            StoreFault::Replaced
        }
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::FileLockingProtocolFailed,
        ) => return KvError::Busy { waited },
        Some(ErrorCode::NotADatabase) => StoreFault::NotADatabase,
        Some(ErrorCode::DatabaseCorrupt) => StoreFault::Corrupt(error),
        Some(ErrorCode::DiskFull) => StoreFault::Full(error),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => StoreFault::ReadOnly(error),
        Some(ErrorCode::CannotOpen) => StoreFault::CannotOpen(error),
        Some(ErrorCode::SystemIoFailure) => StoreFault::Disk(error),
        // A column of another type than the schema gives it, or text that is not UTF-8.
        None if is_bad_content(&error) => StoreFault::Corrupt(error),
        _ => StoreFault::Database(error),
    };
    fault.of(path)
}

fn is_bad_content(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::Utf8Error(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
    )
}
