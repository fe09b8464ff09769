//! Reading an archive, entry by entry.
//!
//! Headers are read here rather than by a library, since what extends them (long names, records of
//! attributes) is as hostile as the rest and has to be bounded too.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use tar::{EntryType, Header};

use super::gauge::Gauge;
use super::names::{Names, shown};
use super::{ArchiveError, EntryProblem, Limits};

const BLOCK: usize = 512;
/// Bytes of the records that extend one header.
const RECORDS_BYTES_MAX: u64 = 64 << 10;

/// What was unpacked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unpacked {
    /// Files.
    pub files: usize,
    /// Their bytes together.
    pub bytes: u64,
}

/// Unpacks an archive into a directory that exists, is empty, and is nobody else's.
///
/// Times and owners are not restored; of the permissions only whether a file can be executed. On an
/// error the directory holds a part of the archive and is to be thrown away.
pub fn unpack(archive: impl Read, into: &Path, limits: &Limits) -> Result<Unpacked, ArchiveError> {
    Reader::new(archive, Some(into), limits)?.run()
}

/// Reads an archive to its end without writing anything, and refuses what [`unpack`] refuses.
pub fn verify(archive: impl Read, limits: &Limits) -> Result<Unpacked, ArchiveError> {
    Reader::new(archive, None, limits)?.run()
}

struct Reader<'a, R> {
    input: Gauge<R>,
    into: Option<&'a Path>,
    limits: &'a Limits,
    names: Names,
    entries: usize,
    has_manifest: bool,
    done: Unpacked,
    /// A name from an extension of the next header.
    long_name: Option<Vec<u8>>,
}

impl<'a, R: Read> Reader<'a, R> {
    fn new(
        archive: R,
        into: Option<&'a Path>,
        limits: &'a Limits,
    ) -> Result<Reader<'a, R>, ArchiveError> {
        Ok(Reader {
            input: Gauge::new(archive, *limits)?,
            into,
            limits,
            names: Names::default(),
            entries: 0,
            has_manifest: false,
            done: Unpacked::default(),
            long_name: None,
        })
    }

    fn run(mut self) -> Result<Unpacked, ArchiveError> {
        while let Some((header, offset)) = self.header()? {
            self.entry(&header, offset)?;
        }
        self.end()?;
        if !self.has_manifest {
            return Err(ArchiveError::NoManifest { found: self.names.manifest_below() });
        }
        self.input.finish()?;
        Ok(self.done)
    }

    /// The next header and where it is; nothing at the end mark.
    fn header(&mut self) -> Result<Option<(Header, u64)>, ArchiveError> {
        let offset = self.input.offset;
        let mut header = Header::new_old();
        if self.input.fill(header.as_mut_bytes())? < BLOCK {
            return Err(ArchiveError::Truncated);
        }
        let bytes = header.as_bytes();
        if bytes.iter().all(|byte| *byte == 0) {
            return match self.long_name {
                Some(_) => Err(ArchiveError::Truncated),
                None => Ok(None),
            };
        }
        // The field of the checksum counts as blanks.
        let sum = |range: &[u8]| range.iter().map(|byte| u32::from(*byte)).sum::<u32>();
        let expected = sum(&bytes[..148]) + 8 * u32::from(b' ') + sum(&bytes[156..]);
        match header.cksum() {
            Ok(found) if found == expected => Ok(Some((header, offset))),
            _ => Err(ArchiveError::Header { offset, what: "its checksum is wrong" }),
        }
    }

    fn entry(&mut self, header: &Header, offset: u64) -> Result<(), ArchiveError> {
        self.entries += 1;
        if self.entries > self.limits.entries {
            return Err(ArchiveError::TooMany { limit: self.limits.entries });
        }
        let damaged = |_| ArchiveError::Header { offset, what: "its size is no number" };
        let size = header.entry_size().map_err(damaged)?;
        let own_name = header.path_bytes();
        match header.entry_type() {
            EntryType::GNULongName => {
                let mut name = self.records(size, &own_name)?;
                while name.pop_if(|byte| *byte == 0).is_some() {}
                return self.remember_name(name);
            }
            EntryType::XHeader => {
                let records = self.records(size, &own_name)?;
                let path = attributes(&records).map_err(|problem| refused(&own_name, problem))?;
                return path.map_or(Ok(()), |path| self.remember_name(path.to_vec()));
            }
            EntryType::XGlobalHeader => {
                let records = self.records(size, &own_name)?;
                return match attributes(&records) {
                    Ok(None) => Ok(()),
                    _ => Err(refused(&own_name, EntryProblem::Extended)),
                };
            }
            _ => {}
        }
        let name = self.long_name.take().unwrap_or_else(|| own_name.into_owned());
        let fail = |problem| refused(&name, problem);
        let directory = match header.entry_type() {
            EntryType::Regular | EntryType::Continuous => false,
            EntryType::Directory => true,
            EntryType::Link | EntryType::Symlink | EntryType::GNULongLink => {
                return Err(fail(EntryProblem::Link));
            }
            EntryType::Char | EntryType::Block | EntryType::Fifo => {
                return Err(fail(EntryProblem::Device));
            }
            EntryType::GNUSparse => return Err(fail(EntryProblem::Sparse)),
            _ => return Err(fail(EntryProblem::Kind)),
        };
        let path = self.names.take(&name, directory, self.limits).map_err(fail)?;
        match (path, directory) {
            (_, true) if size > 0 => Err(fail(EntryProblem::DirectoryContent)),
            (Some(path), false) if size > self.limits.file_bytes => {
                Err(refused(path.as_bytes(), EntryProblem::TooLarge))
            }
            (Some(path), false) => {
                let executable = header.mode().is_ok_and(|mode| mode & 0o100 != 0);
                self.file(&path, size, executable)
            }
            (Some(path), true) => self.directory(&path),
            (None, _) => Ok(()),
        }
    }

    fn remember_name(&mut self, name: Vec<u8>) -> Result<(), ArchiveError> {
        match self.long_name.replace(name) {
            None => Ok(()),
            Some(first) => Err(refused(&first, EntryProblem::Extended)),
        }
    }

    /// The content of an entry that extends another one.
    fn records(&mut self, size: u64, name: &[u8]) -> Result<Vec<u8>, ArchiveError> {
        if size > RECORDS_BYTES_MAX {
            return Err(refused(name, EntryProblem::Extended));
        }
        let mut records = Vec::new();
        self.content(size, |bytes| {
            records.extend_from_slice(bytes);
            Ok(())
        })?;
        Ok(records)
    }

    fn directory(&mut self, path: &str) -> Result<(), ArchiveError> {
        let Some(into) = self.into else { return Ok(()) };
        let path = into.join(path);
        DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(&path)
            .map_err(|source| ArchiveError::Disk { path, source })
    }

    fn file(&mut self, path: &str, size: u64, executable: bool) -> Result<(), ArchiveError> {
        let limit_bytes = self.limits.total_bytes;
        if size > limit_bytes - self.done.bytes {
            return Err(ArchiveError::TooLarge { limit_bytes });
        }
        self.has_manifest |= path == "Capsule.toml";
        self.done.files += 1;
        self.done.bytes += size;
        let Some(into) = self.into else { return self.content(size, |_| Ok(())) };
        if let Some((parent, _)) = path.rsplit_once('/') {
            self.directory(parent)?;
        }
        let path = into.join(path);
        let failed = |source| ArchiveError::Disk { path: path.clone(), source };
        let mode = if executable { 0o755 } else { 0o644 };
        let mut file: File = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&path)
            .map_err(failed)?;
        self.content(size, |bytes| file.write_all(bytes).map_err(failed))
    }

    /// Hands the content of an entry to `take`, piece by piece, and steps over what fills its last
    /// block.
    fn content(
        &mut self,
        size: u64,
        mut take: impl FnMut(&[u8]) -> Result<(), ArchiveError>,
    ) -> Result<(), ArchiveError> {
        let mut buffer = [0; 64 * BLOCK];
        let mut left = size;
        while left > 0 {
            let want = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let read = self.input.read(&mut buffer[..want])?;
            if read == 0 {
                return Err(ArchiveError::Truncated);
            }
            take(&buffer[..read])?;
            left -= read as u64;
        }
        let over = usize::try_from(size % BLOCK as u64).unwrap_or(0);
        let padding = if over == 0 { 0 } else { BLOCK - over };
        match self.input.fill(&mut buffer[..padding])? {
            read if read == padding => Ok(()),
            _ => Err(ArchiveError::Truncated),
        }
    }

    /// Reads on after the end mark: zeros are all that may be there.
    fn end(&mut self) -> Result<(), ArchiveError> {
        let mut buffer = [0; 64 * BLOCK];
        loop {
            match self.input.read(&mut buffer)? {
                0 => return Ok(()),
                read if buffer[..read].iter().all(|byte| *byte == 0) => {}
                _ => return Err(ArchiveError::Trailing { after: "the end mark of the tar file" }),
            }
        }
    }
}

fn refused(name: &[u8], problem: EntryProblem) -> ArchiveError {
    ArchiveError::Entry { name: shown(name), problem }
}

/// The path among records `LENGTH KEY=VALUE\n`. What would change size or kind is refused, what is
/// of no meaning here (times, owners, comments) is left out.
fn attributes(mut records: &[u8]) -> Result<Option<&[u8]>, EntryProblem> {
    let mut path = None;
    while !records.is_empty() {
        let digits = records.iter().position(|byte| *byte == b' ').ok_or(EntryProblem::Extended)?;
        let length = std::str::from_utf8(&records[..digits]).ok().and_then(|it| it.parse().ok());
        let length: usize = length.ok_or(EntryProblem::Extended)?;
        let record = records.get(digits + 1..length).ok_or(EntryProblem::Extended)?;
        let record = record.strip_suffix(b"\n").ok_or(EntryProblem::Extended)?;
        let equals = record.iter().position(|byte| *byte == b'=').ok_or(EntryProblem::Extended)?;
        let value = &record[equals + 1..];
        match &record[..equals] {
            b"path" if path.is_none() => path = Some(value),
            b"linkpath" => return Err(EntryProblem::Link),
            key if key == b"path" || key == b"size" || key.starts_with(b"GNU.sparse") => {
                return Err(EntryProblem::Extended);
            }
            _ => {}
        }
        records = &records[length..];
    }
    Ok(path)
}
