//! What a mount can do with names in its directories.

use std::ffi::{OsStr, OsString};

use super::error::FsError;
use super::file::{OpenFile, OpenMode};
use super::place::{Found, Place};

/// A name in a directory.
pub(crate) type Entry<'a> = (&'a Place, &'a OsStr);

/// The files of a mount, for the time of one operation. No function follows a link.
pub(crate) trait Volume {
    /// What the name stands for.
    fn look(&mut self, entry: Entry<'_>) -> Result<Option<Found>, FsError>;
    /// The names in a directory, at most `max` and one more.
    fn list(&mut self, place: &Place, max: usize) -> Result<Vec<OsString>, FsError>;
    /// Opens a regular file.
    fn open(&mut self, entry: Entry<'_>, mode: OpenMode) -> Result<OpenFile, FsError>;
    /// Makes a directory where nothing is.
    fn make_dir(&mut self, entry: Entry<'_>) -> Result<Place, FsError>;
    /// Removes anything but a directory.
    fn remove_file(&mut self, entry: Entry<'_>) -> Result<(), FsError>;
    /// Removes an empty directory.
    fn remove_dir(&mut self, entry: Entry<'_>) -> Result<(), FsError>;
    /// Gives what has the first name the second one, replacing what may be replaced.
    fn rename(&mut self, from: Entry<'_>, to: Entry<'_>) -> Result<(), FsError>;
    /// Gives a file a second name.
    fn link(&mut self, from: Entry<'_>, to: Entry<'_>) -> Result<(), FsError>;
}
