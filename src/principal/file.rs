//! The two file operations of this module: read a small file, replace a private one.
//!
//! A replacement is all or nothing: readers see the old text or the new one, also after a kill or a
//! power cut, and a failure leaves the old text in place.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

/// Bytes in a profile or in the groups file: far beyond any real one.
pub(super) const FILE_BYTES_MAX: u64 = 1 << 20;

/// What tells one content of a file from another without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    id: (u64, u64),
    bytes: u64,
    modified: (i64, i64),
    changed: Duration,
}

impl Stamp {
    fn of(meta: &Metadata) -> Stamp {
        use std::os::unix::fs::MetadataExt;
        let secs = u64::try_from(meta.ctime()).unwrap_or(0);
        let nanos = u32::try_from(meta.ctime_nsec()).unwrap_or(0);
        Stamp {
            id: (meta.dev(), meta.ino()),
            bytes: meta.len(),
            modified: (meta.mtime(), meta.mtime_nsec()),
            changed: Duration::new(secs, nanos),
        }
    }

    /// When the file was written or its entry changed, since the Unix epoch.
    pub(super) fn changed(self) -> Duration {
        self.changed
    }
}

/// The stamp of what [`read_stamped`] would read, or nothing when there is no file of that name.
pub(super) fn stamp(path: &Path) -> io::Result<Option<Stamp>> {
    // What is no link, or not there, is asked about once.
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_symlink() => Ok(Some(Stamp::of(&fs::metadata(path)?))),
        Ok(meta) => Ok(Some(Stamp::of(&meta))),
        Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(err) => Err(err),
    }
}

/// Returns the bytes of a regular file and the stamp that it had before it was read, or nothing when
/// there is no file of that name.
///
/// A dangling link is an error: a profile that went missing must not turn into a default.
pub(super) fn read_stamped(path: &Path) -> io::Result<Option<(Vec<u8>, Stamp)>> {
    let file = match open_without_waiting(path) {
        Ok(file) => file,
        Err(err) if err.kind() == io::ErrorKind::NotFound && is_absent(path) => return Ok(None),
        Err(err) => return Err(err),
    };
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    check_size(bytes.len())?;
    Ok(Some((bytes, Stamp::of(&meta))))
}

/// Returns the text in `bytes`, or an error of the TOML parser: TOML is UTF-8.
pub(super) fn as_text(bytes: &[u8]) -> Result<&str, Box<toml::de::Error>> {
    std::str::from_utf8(bytes).map_err(|err| Box::new(serde::de::Error::custom(err)))
}

/// Replaces the file `path` by `text`, readable by its owner only, and makes missing directories.
pub(super) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    check_size(text.len())?;
    let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not the name of a file"));
    };
    make_private_dirs(dir)?;
    let mut prefix = std::ffi::OsString::from(".");
    prefix.push(name);
    prefix.push(".tmp.");
    // Created with mode 0600 under a name that nobody else uses, and deleted on every early return.
    let mut temp = tempfile::Builder::new().prefix(&prefix).tempfile_in(dir)?;
    temp.write_all(text.as_bytes())?;
    temp.as_file().sync_all()?;
    temp.persist(path).map_err(|err| err.error)?;
    // The text is complete either way; not every file system can sync a directory.
    File::open(dir).and_then(|dir| dir.sync_all()).ok();
    Ok(())
}

fn check_size(bytes: usize) -> io::Result<()> {
    if bytes as u64 > FILE_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than 1 MiB"));
    }
    Ok(())
}

fn is_absent(path: &Path) -> bool {
    matches!(fs::symlink_metadata(path), Err(err) if err.kind() == io::ErrorKind::NotFound)
}

#[cfg(unix)]
fn open_without_waiting(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    // Opening a pipe would wait for its writer.
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

#[cfg(not(unix))]
fn open_without_waiting(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

fn make_private_dirs(dir: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_without_a_file_is_absent() {
        let dir = tempfile::tempdir().expect("a scratch directory");
        let path = dir.path().join("a.toml");
        assert!(read_stamped(&path).expect("an absent file is no error").is_none());
        assert!(read_stamped(dir.path()).is_err(), "a directory is no text");
        std::os::unix::fs::symlink(dir.path().join("gone"), &path).expect("a link");
        assert!(read_stamped(&path).is_err(), "a dangling link is not absence");
    }

    #[test]
    fn oversized_text_is_neither_read_nor_written() {
        let dir = tempfile::tempdir().expect("a scratch directory");
        let path = dir.path().join("a.toml");
        let limit = usize::try_from(FILE_BYTES_MAX).expect("1 MiB");
        fs::write(&path, vec![b'#'; limit]).expect("a file");
        assert_eq!(read_stamped(&path).expect("fits").map(|(bytes, _)| bytes.len()), Some(limit));
        let big = "#".repeat(limit + 1);
        assert!(write_private(&path, &big).is_err());
        assert_eq!(fs::metadata(&path).expect("the old file").len(), FILE_BYTES_MAX);
        fs::write(&path, big).expect("a file");
        let err = read_stamped(&path).expect_err("one byte too many");
        assert_eq!(err.kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn pipe_in_place_of_a_file_is_refused_at_once() {
        let dir = tempfile::tempdir().expect("a scratch directory");
        let path = dir.path().join("a.toml");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &path,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .expect("a pipe");
        assert!(read_stamped(&path).is_err());
    }

    #[test]
    fn failed_rename_leaves_no_temporary_file() {
        let dir = tempfile::tempdir().expect("a scratch directory");
        let path = dir.path().join("a.toml");
        fs::create_dir(&path).expect("something that no file can replace");
        assert!(write_private(&path, "x").is_err());
        assert_eq!(fs::read_dir(dir.path()).expect("a listing").count(), 1);
    }
}
