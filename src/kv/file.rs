//! The database file: making it, checking it, opening it.
//!
//! A database appears under its name complete or not at all: it is built beside and then linked
//! into place, so that two processes may both try and whatever is found there is never half made.
//! Nothing here opens the database file itself. Closing any descriptor of a file drops all POSIX
//! locks of the process on it, those of the database library included.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::error::StoreFault;

/// Marks a database as one of ours: "cpKV".
const APPLICATION_ID: i32 = 0x6370_4b56;
/// The schema that is read and written.
const SCHEMA_VERSION: i32 = 1;
/// Size to which the log is cut back after it grew beyond.
const LOG_BYTES_KEPT: u64 = 4 << 20;

// The index apart from the rows: a search that passed over the rows would read each long value
// that it compares its key with.
const SCHEMA: &str = "
    CREATE TABLE entry (
        id INTEGER PRIMARY KEY,
        namespace TEXT NOT NULL,
        key TEXT NOT NULL,
        value BLOB NOT NULL,
        UNIQUE (namespace, key)
    ) STRICT;
    CREATE TABLE applied (token TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;";

/// Which file it is, whatever it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileId {
    device: u64,
    inode: u64,
}

/// An opening that failed: in the file, or in the database library.
#[derive(Debug)]
pub(super) enum OpenError {
    /// The file is at fault.
    Fault(StoreFault),
    /// The library refused.
    Sql(rusqlite::Error),
}

impl From<StoreFault> for OpenError {
    fn from(fault: StoreFault) -> OpenError {
        OpenError::Fault(fault)
    }
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> OpenError {
        OpenError::Sql(error)
    }
}

/// Looks at what is at `path`; none when nothing is.
pub(super) fn identify(path: &Path) -> Result<Option<FileId>, StoreFault> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("look at", path, error)),
    };
    if !found.is_file() {
        return Err(StoreFault::NotAFile);
    }
    if found.len() == 0 {
        return Err(StoreFault::NotADatabase);
    }
    if found.mode() & 0o077 != 0 {
        return Err(StoreFault::Insecure { at: path.to_owned(), mode: found.mode() & 0o7777 });
    }
    Ok(Some(FileId { device: found.dev(), inode: found.ino() }))
}

/// Makes an empty database at `path`, unless another process was faster.
pub(super) fn create(path: &Path) -> Result<(), OpenError> {
    let dir = directory_of(path);
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|error| failed("make the directory", dir, error))?;
    refuse_orphan(path)?;
    let scratch = tempfile::Builder::new()
        .prefix(".capsule.kv.")
        .tempfile_in(dir)
        .map_err(|error| failed("make a file in", dir, error))?
        .into_temp_path();
    build(&scratch)?;
    write_out(&scratch)?;
    match scratch.persist_noclobber(path) {
        Ok(()) => {}
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed("make", path, error.error).into()),
    }
    // The directory may be new itself: its own entry has to last as long as the file's.
    write_out(dir)?;
    dir.parent().map_or(Ok(()), |parent| Ok(write_out(parent)?))
}

/// Fills the empty file at `scratch`, which nobody else knows yet: unsafe until it is written out.
fn build(scratch: &Path) -> Result<(), rusqlite::Error> {
    let db = Connection::open_with_flags(plain(scratch), flags())?;
    db.execute_batch(&format!(
        "PRAGMA journal_mode = memory; PRAGMA synchronous = off; BEGIN;
         PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {SCHEMA_VERSION};
         {SCHEMA} COMMIT; PRAGMA journal_mode = wal;"
    ))?;
    db.close().map_err(|(_, error)| error)
}

fn write_out(path: &Path) -> Result<(), StoreFault> {
    File::open(plain(path))
        .and_then(|file| file.sync_all())
        .map_err(|error| failed("write out", path, error))
}

/// Opens the database at `path`, which exists.
pub(super) fn open(path: &Path) -> Result<Connection, OpenError> {
    let dir = directory_of(path);
    let mode = fs::metadata(plain(dir)).map_err(|error| failed("look at", dir, error))?.mode();
    if mode & 0o022 != 0 {
        return Err(StoreFault::Insecure { at: dir.to_owned(), mode: mode & 0o7777 }.into());
    }
    Ok(Connection::open_with_flags(plain(path), flags())?)
}

/// Checks that a database that was just opened is one of ours, and sets it up.
///
/// The busy handler must be in place: another process may be recovering the log.
pub(super) fn prepare(db: &Connection) -> Result<(), OpenError> {
    let application_id = db.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let found = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if application_id != APPLICATION_ID {
        return Err(StoreFault::Foreign { application_id }.into());
    }
    if found != SCHEMA_VERSION {
        return Err(StoreFault::Version { found, known: SCHEMA_VERSION }.into());
    }
    db.execute_batch(&format!(
        "PRAGMA journal_mode = wal; PRAGMA synchronous = full; PRAGMA trusted_schema = off;
         PRAGMA cell_size_check = on; PRAGMA journal_size_limit = {LOG_BYTES_KEPT};"
    ))?;
    Ok(())
}

/// A database without a file that may grow to `bytes`.
pub(super) fn open_in_memory(bytes: u64) -> Result<Connection, rusqlite::Error> {
    let db = Connection::open_in_memory_with_flags(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    db.execute_batch(SCHEMA)?;
    let page: i64 = db.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let pages = i64::try_from(bytes).unwrap_or(i64::MAX) / page.max(1);
    db.pragma_update(None, "max_page_count", pages)?;
    Ok(db)
}

/// A log without its database holds acknowledged writes that a new database would throw away.
pub(super) fn refuse_orphan(path: &Path) -> Result<(), StoreFault> {
    let mut log = OsString::from(path);
    log.push("-wal");
    let log = PathBuf::from(log);
    let has_log = fs::symlink_metadata(&log).is_ok_and(|found| found.len() > 0);
    // In this order: a database made by another process meanwhile is there before its log is.
    if has_log && identify(path)?.is_none() {
        return Err(StoreFault::Orphaned { log });
    }
    Ok(())
}

fn directory_of(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

/// A name that the library takes for a file: `:memory:`, the empty name and `file:…` mean
/// something else to it.
fn plain(path: &Path) -> PathBuf {
    if path.is_absolute() { path.to_owned() } else { Path::new(".").join(path) }
}

fn flags() -> OpenFlags {
    // Never `CREATE`: a missing database is made by `create` or is an error.
    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

fn failed(action: &'static str, at: &Path, source: io::Error) -> StoreFault {
    StoreFault::Io { action, at: at.to_owned(), source }
}
