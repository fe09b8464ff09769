//! The functions of `astrid:fs/host`.

use super::{FileHandle, Handle, View};
use crate::fs::{self, Files, FsError, Kind, Stat, Timestamp};
use crate::host::bindings::fs::{Datetime, ErrorCode, FileStat, FileType, OpenMode};
use crate::host::files::files_of;
use crate::limits::FS_HANDLES_MAX;

type Answer<T> = Result<T, ErrorCode>;

macro_rules! on_paths {
    ($($name:ident($($arg:ident: $ty:ty),*) -> $result:ty;)*) => {$(
        pub(super) fn $name(mut self, $($arg: $ty),*) -> Answer<$result> {
            Ok(self.files(|files| files.$name($($arg),*))?)
        }
    )*};
}

impl View<'_> {
    on_paths! {
        exists(path: &str) -> bool;
        mkdir(path: &str) -> ();
        mkdir_all(path: &str) -> ();
        readdir(path: &str) -> Vec<String>;
        unlink(path: &str) -> ();
        read_file(path: &str) -> Vec<u8>;
        write_file(path: &str, content: &[u8]) -> ();
        append(path: &str, content: &[u8]) -> ();
        copy(src: &str, dst: &str) -> ();
        rename(src: &str, dst: &str) -> ();
        remove_dir_all(path: &str) -> u64;
        canonicalize(path: &str) -> String;
        read_link(path: &str) -> String;
        hard_link(src: &str, path: &str) -> ();
    }

    pub(super) fn stat(mut self, path: &str) -> Answer<FileStat> {
        Ok(self.files(|files| files.stat(path))?.into())
    }

    pub(super) fn stat_symlink(mut self, path: &str) -> Answer<FileStat> {
        Ok(self.files(|files| files.stat_symlink(path))?.into())
    }

    pub(super) fn open(mut self, path: &str, mode: OpenMode) -> Answer<Handle> {
        // What no handle can be had for is not made or emptied either.
        if *self.open_files >= FS_HANDLES_MAX {
            return Err(ErrorCode::Quota);
        }
        let file = self.files(|files| files.open(path, mode.into()))?;
        let handle = self.table.push(FileHandle(file)).map_err(|_| ErrorCode::Quota)?;
        *self.open_files += 1;
        Ok(handle)
    }

    /// Does something with the files of whoever is acted for, under the capsule's policy.
    fn files<R>(
        &mut self,
        act: impl FnOnce(&mut Files<'_>) -> Result<R, FsError>,
    ) -> Result<R, FsError> {
        files_of(self.capsule, self.scope, &mut self.gate, act)
    }
}

impl<'a> View<'a> {
    fn file(self, handle: &Handle) -> Answer<&'a mut fs::OpenFile> {
        let handle = self.table.get_mut(handle).map_err(|_| ErrorCode::Closed)?;
        Ok(&mut handle.0)
    }

    pub(super) fn read_at(self, handle: &Handle, offset: u64, max: u32) -> Answer<Vec<u8>> {
        Ok(self.file(handle)?.read_at(offset, max)?)
    }

    pub(super) fn write_at(self, handle: &Handle, offset: u64, data: &[u8]) -> Answer<u32> {
        Ok(self.file(handle)?.write_at(offset, data)?)
    }

    pub(super) fn sync_data(self, handle: &Handle) -> Answer<()> {
        Ok(self.file(handle)?.sync_data()?)
    }

    pub(super) fn sync_all(self, handle: &Handle) -> Answer<()> {
        Ok(self.file(handle)?.sync_all()?)
    }

    pub(super) fn handle_stat(self, handle: &Handle) -> Answer<FileStat> {
        Ok(self.file(handle)?.stat()?.into())
    }

    pub(super) fn set_len(self, handle: &Handle, size: u64) -> Answer<()> {
        Ok(self.file(handle)?.set_len(size)?)
    }
}

impl From<FsError> for ErrorCode {
    fn from(error: FsError) -> ErrorCode {
        match error {
            FsError::NotFound => ErrorCode::NotFound,
            FsError::Access => ErrorCode::Access,
            FsError::Denied => ErrorCode::CapabilityDenied,
            FsError::BoundaryEscape => ErrorCode::BoundaryEscape,
            FsError::InvalidPath => ErrorCode::InvalidPath,
            FsError::WouldBlock => ErrorCode::WouldBlock,
            FsError::IsDirectory => ErrorCode::IsDirectory,
            FsError::NotDirectory => ErrorCode::NotDirectory,
            FsError::NotEmpty => ErrorCode::NotEmpty,
            FsError::TooLarge => ErrorCode::TooLarge,
            FsError::Quota => ErrorCode::Quota,
            FsError::CrossMount => ErrorCode::CrossVfs,
            FsError::AlreadyExists => ErrorCode::AlreadyExists,
            FsError::Closed => ErrorCode::Closed,
            FsError::Other(text) => ErrorCode::Unknown(text),
        }
    }
}

impl From<OpenMode> for fs::OpenMode {
    fn from(mode: OpenMode) -> fs::OpenMode {
        match mode {
            OpenMode::Read => fs::OpenMode::Read,
            OpenMode::Write => fs::OpenMode::Write,
            OpenMode::Append => fs::OpenMode::Append,
            OpenMode::ReadWrite => fs::OpenMode::ReadWrite,
        }
    }
}

impl From<Stat> for FileStat {
    fn from(stat: Stat) -> FileStat {
        let time =
            |time: Timestamp| Datetime { seconds: time.seconds, nanoseconds: time.nanoseconds };
        FileStat {
            size: stat.size,
            kind: match stat.kind {
                Kind::Regular => FileType::Regular,
                Kind::Directory => FileType::Directory,
                Kind::Symlink => FileType::Symlink,
                Kind::BlockDevice => FileType::BlockDevice,
                Kind::CharacterDevice => FileType::CharacterDevice,
                Kind::Fifo => FileType::Fifo,
                Kind::Socket => FileType::Socket,
                Kind::Unknown => FileType::TypeUnknown,
            },
            mode: stat.mode,
            modified: stat.modified.map(time),
            created: stat.created.map(time),
            accessed: stat.accessed.map(time),
        }
    }
}
