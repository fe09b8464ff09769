//! Why a file operation did not happen, in the terms of the interface that guests see.

use std::io;

use rustix::io::Errno;

/// Why a file operation was refused or failed. No text in it holds a path of the machine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FsError {
    /// Nothing has this path.
    #[error("not found")]
    NotFound,
    /// The system refuses, or the operation would hit the root of a mount.
    #[error("access refused")]
    Access,
    /// Policy refuses, or there is no such mount.
    #[error("no capability covers the path")]
    Denied,
    /// The path, or a link on it, leads out of its mount.
    #[error("the path leads out of its mount")]
    BoundaryEscape,
    /// The path is malformed.
    #[error("malformed path")]
    InvalidPath,
    /// The operation cannot finish now.
    #[error("would block")]
    WouldBlock,
    /// A file is needed and a directory is there.
    #[error("is a directory")]
    IsDirectory,
    /// A directory is needed and something else is there.
    #[error("is not a directory")]
    NotDirectory,
    /// The directory has entries.
    #[error("the directory is not empty")]
    NotEmpty,
    /// More than one call may move.
    #[error("too large")]
    TooLarge,
    /// Too many open files, or no space left.
    #[error("out of space or handles")]
    Quota,
    /// Source and target are in different mounts.
    #[error("source and target are in different places")]
    CrossMount,
    /// Something has this path already.
    #[error("already exists")]
    AlreadyExists,
    /// The handle is no longer open.
    #[error("the handle is closed")]
    Closed,
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl From<Errno> for FsError {
    fn from(errno: Errno) -> FsError {
        match errno {
            Errno::NOENT => FsError::NotFound,
            Errno::ACCESS | Errno::PERM | Errno::ROFS | Errno::TXTBSY | Errno::BUSY => {
                FsError::Access
            }
            Errno::ISDIR => FsError::IsDirectory,
            Errno::NOTDIR => FsError::NotDirectory,
            Errno::NOTEMPTY => FsError::NotEmpty,
            Errno::EXIST => FsError::AlreadyExists,
            Errno::NOSPC | Errno::DQUOT | Errno::MFILE | Errno::NFILE | Errno::MLINK => {
                FsError::Quota
            }
            Errno::FBIG => FsError::TooLarge,
            Errno::XDEV => FsError::CrossMount,
            Errno::AGAIN => FsError::WouldBlock,
            Errno::NAMETOOLONG | Errno::INVAL => FsError::InvalidPath,
            Errno::BADF => FsError::Closed,
            // The text of an error number names no path.
            errno => FsError::Other(errno.to_string()),
        }
    }
}

impl From<io::Error> for FsError {
    fn from(error: io::Error) -> FsError {
        if let Some(errno) = Errno::from_io_error(&error) {
            return errno.into();
        }
        match error.kind() {
            io::ErrorKind::NotFound => FsError::NotFound,
            io::ErrorKind::PermissionDenied => FsError::Access,
            io::ErrorKind::AlreadyExists => FsError::AlreadyExists,
            io::ErrorKind::WouldBlock => FsError::WouldBlock,
            io::ErrorKind::InvalidInput => FsError::InvalidPath,
            kind => FsError::Other(kind.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_of_the_system_have_errors_of_their_own() {
        let check = |errno: Errno, expected: FsError| {
            let error = io::Error::from_raw_os_error(errno.raw_os_error());
            assert_eq!(FsError::from(error), expected);
        };
        check(Errno::NOENT, FsError::NotFound);
        check(Errno::ROFS, FsError::Access);
        check(Errno::NOSPC, FsError::Quota);
        check(Errno::MFILE, FsError::Quota);
        check(Errno::AGAIN, FsError::WouldBlock);
        check(Errno::XDEV, FsError::CrossMount);
        check(Errno::FBIG, FsError::TooLarge);
        check(Errno::NAMETOOLONG, FsError::InvalidPath);
        assert!(matches!(FsError::from(io::Error::from(Errno::IO)), FsError::Other(_)));
    }
}
