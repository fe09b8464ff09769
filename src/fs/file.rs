//! Open files.

use std::fmt;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use cap_std::fs::Metadata;

use super::error::FsError;
use super::overlay::FileNode;
use super::stat::Stat;
use crate::limits::FS_TRANSFER_BYTES_MAX;

/// What an open file may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenMode {
    /// Reading; the file has to exist.
    Read,
    /// Writing; the file is made, or emptied.
    Write,
    /// Writing at the end; the file is made if need be.
    Append,
    /// Both; the file has to exist and keeps its content.
    ReadWrite,
}

impl OpenMode {
    /// Whether the file is made when it is missing.
    pub(crate) fn creates(self) -> bool {
        matches!(self, OpenMode::Write | OpenMode::Append)
    }

    /// Whether the file can be written.
    pub fn writes(self) -> bool {
        self != OpenMode::Read
    }

    fn reads(self) -> bool {
        matches!(self, OpenMode::Read | OpenMode::ReadWrite)
    }
}

/// An open file. It stays the same file whatever becomes of its name.
pub struct OpenFile {
    file: File,
    mode: OpenMode,
    /// The overlay's file, and whether `file` is still the one of the workspace below.
    node: Option<(Arc<FileNode>, bool)>,
}

impl fmt::Debug for OpenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenFile({:?})", self.mode)
    }
}

impl OpenFile {
    pub(crate) fn direct(file: File, mode: OpenMode) -> OpenFile {
        OpenFile { file, mode, node: None }
    }

    pub(crate) fn layered(file: File, mode: OpenMode, node: Arc<FileNode>, below: bool) -> Self {
        OpenFile { file, mode, node: Some((node, below)) }
    }

    /// The file itself. One that was opened below an overlay is exchanged once it was copied up.
    pub(crate) fn file(&mut self) -> Result<&File, FsError> {
        if let Some((node, below)) = &mut self.node
            && *below
            && let Some(file) = node.reopen_above()?
        {
            self.file = file;
            *below = false;
        }
        Ok(&self.file)
    }

    /// Bytes from `offset` on, at most `max` and at most what one call may move.
    pub fn read_at(&mut self, offset: u64, max: u32) -> Result<Vec<u8>, FsError> {
        if !self.mode.reads() {
            return Err(FsError::Access);
        }
        let max = usize::try_from(max).unwrap_or(usize::MAX).min(FS_TRANSFER_BYTES_MAX);
        let file = self.file()?;
        // A file that is shorter than what is asked for needs no larger buffer than itself.
        let left = usize::try_from(file.metadata()?.len().saturating_sub(offset));
        let mut bytes = vec![0; max.min(left.unwrap_or(usize::MAX))];
        let mut read = 0;
        while read < bytes.len() {
            let at = offset.checked_add(read as u64).ok_or(FsError::TooLarge)?;
            match file.read_at(&mut bytes[read..], at)? {
                0 => break,
                count => read += count,
            }
        }
        bytes.truncate(read);
        Ok(bytes)
    }

    /// Writes all of `data` and returns its length. After [`OpenMode::Append`] it goes to the end.
    pub fn write_at(&mut self, offset: u64, data: &[u8]) -> Result<u32, FsError> {
        use std::io::Write;
        let length = u32::try_from(data.len()).map_err(|_| FsError::TooLarge)?;
        if data.len() > FS_TRANSFER_BYTES_MAX {
            return Err(FsError::TooLarge);
        }
        if !self.mode.writes() {
            return Err(FsError::Access);
        }
        let append = self.mode == OpenMode::Append;
        let mut file = self.file()?;
        if append {
            file.write_all(data)?;
        } else {
            // The system counts file positions as signed numbers.
            let end = offset.checked_add(u64::from(length)).ok_or(FsError::TooLarge)?;
            i64::try_from(end).map_err(|_| FsError::TooLarge)?;
            file.write_all_at(data, offset)?;
        }
        Ok(length)
    }

    /// Waits until the content is on the disk.
    pub fn sync_data(&mut self) -> Result<(), FsError> {
        Ok(self.file()?.sync_data()?)
    }

    /// Waits until content and metadata are on the disk.
    pub fn sync_all(&mut self) -> Result<(), FsError> {
        Ok(self.file()?.sync_all()?)
    }

    /// What is known about it.
    pub fn stat(&mut self) -> Result<Stat, FsError> {
        Ok(Stat::of(&Metadata::from_file(self.file()?)?))
    }

    /// Cuts the file, or extends it with zeroes.
    pub fn set_len(&mut self, size: u64) -> Result<(), FsError> {
        if !self.mode.writes() {
            return Err(FsError::Access);
        }
        i64::try_from(size).map_err(|_| FsError::TooLarge)?;
        Ok(self.file()?.set_len(size)?)
    }
}
