//! A directory of the disk that is worked on as it is.

use std::ffi::OsString;

use cap_std::fs::OpenOptions;

use super::error::FsError;
use super::file::{OpenFile, OpenMode};
use super::place::{self, Found, Place, open_dir, open_file};
use super::volume::{Entry, Volume};

/// Operations go straight to the disk, by way of directory handles and single names.
pub(crate) struct Direct;

impl Volume for Direct {
    fn look(&mut self, (at, name): Entry<'_>) -> Result<Option<Found>, FsError> {
        place::look(at, name)
    }

    fn list(&mut self, place: &Place, max: usize) -> Result<Vec<OsString>, FsError> {
        place::names(place.dir()?, max)
    }

    fn open(&mut self, (at, name): Entry<'_>, mode: OpenMode) -> Result<OpenFile, FsError> {
        let mut options = OpenOptions::new();
        match mode {
            OpenMode::Read => options.read(true),
            OpenMode::Write => options.write(true).create(true).truncate(true),
            OpenMode::Append => options.append(true).create(true),
            OpenMode::ReadWrite => options.read(true).write(true),
        };
        Ok(OpenFile::direct(open_file(at.dir()?, name, &mut options)?, mode))
    }

    fn make_dir(&mut self, (at, name): Entry<'_>) -> Result<Place, FsError> {
        let dir = at.dir()?;
        dir.create_dir(name)?;
        Ok(Place { path: at.join(name), dir: Some(open_dir(dir, name)?) })
    }

    fn remove_file(&mut self, (at, name): Entry<'_>) -> Result<(), FsError> {
        Ok(at.dir()?.remove_file(name)?)
    }

    fn remove_dir(&mut self, (at, name): Entry<'_>) -> Result<(), FsError> {
        Ok(at.dir()?.remove_dir(name)?)
    }

    fn rename(&mut self, from: Entry<'_>, to: Entry<'_>) -> Result<(), FsError> {
        Ok(from.0.dir()?.rename(from.1, to.0.dir()?, to.1)?)
    }

    fn link(&mut self, from: Entry<'_>, to: Entry<'_>) -> Result<(), FsError> {
        Ok(from.0.dir()?.hard_link(from.1, to.0.dir()?, to.1)?)
    }
}
