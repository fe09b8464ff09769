//! Making an archive.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};

use super::ArchiveError;

/// A file that goes into an archive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PackFile {
    /// Its path in the archive, with `/` between the parts.
    pub path: String,
    /// The file whose content it has.
    pub from: PathBuf,
    /// Whether it may be executed.
    pub executable: bool,
}

/// Writes an archive of these files: the manifest first, the others by name.
///
/// Owners, times and the system are left out, so the same content under the same names gives the
/// same bytes. Answers with the bytes of all files together.
pub fn pack(mut files: Vec<PackFile>, out: impl Write) -> Result<u64, ArchiveError> {
    // A tag for a system that is not known keeps this one's out.
    const SYSTEM_UNKNOWN: u8 = 255;
    files.sort_by(|a, b| {
        let after = |file: &PackFile| file.path != "Capsule.toml";
        (after(a), &a.path).cmp(&(after(b), &b.path))
    });
    let gzip =
        GzBuilder::new().mtime(0).operating_system(SYSTEM_UNKNOWN).write(out, Compression::best());
    let mut tar = Builder::new(gzip);
    let mut bytes = 0;
    for file in &files {
        bytes += append(&mut tar, file)?;
    }
    let gzip = tar.into_inner().map_err(ArchiveError::Read)?;
    gzip.finish().and_then(|mut out| out.flush()).map_err(ArchiveError::Read)?;
    Ok(bytes)
}

fn append(tar: &mut Builder<impl Write>, file: &PackFile) -> Result<u64, ArchiveError> {
    let failed = |source: io::Error| ArchiveError::Disk { path: file.from.clone(), source };
    let source = File::open(&file.from).map_err(failed)?;
    let size = source.metadata().map_err(failed)?.len();
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_size(size);
    header.set_mode(if file.executable { 0o755 } else { 0o644 });
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    // A file that shrinks meanwhile would leave the archive damaged, one that grows would be cut.
    let mut content = Exact { inner: source, left: size };
    tar.append_data(&mut header, &file.path, &mut content).map_err(failed)?;
    match content.left {
        0 => Ok(size),
        _ => Err(failed(io::Error::other("it changed while it was read"))),
    }
}

/// A file of exactly so many bytes.
struct Exact {
    inner: File,
    left: u64,
}

impl Read for Exact {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let want = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let read = self.inner.read(&mut buffer[..want])?;
        if read == 0 && want > 0 {
            return Err(io::Error::other("it changed while it was read"));
        }
        self.left -= read as u64;
        Ok(read)
    }
}
