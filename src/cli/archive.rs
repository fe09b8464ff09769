//! Archives as the user names them: unpacked into a scratch directory that goes when they do.

use std::fs::File;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::exit::Exit;
use super::failure::Failure;
use crate::archive::{ArchiveError, Limits, unpack};

/// An archive that was unpacked.
pub(super) struct Opened {
    /// The archive.
    pub(super) archive: PathBuf,
    scratch: TempDir,
}

impl Opened {
    /// The directory with its content.
    pub(super) fn dir(&self) -> &Path {
        self.scratch.path()
    }
}

/// Unpacks an archive, all limits applied.
pub(super) fn open(target: &str, path: &Path) -> Result<Opened, Failure> {
    let file = File::open(path)
        .map_err(|error| Failure::environment(format!("cannot open {target}"), &error))?;
    let scratch = tempfile::Builder::new()
        .prefix("capsule-")
        .tempdir()
        .map_err(|error| Failure::environment("cannot make a scratch directory", &error))?;
    unpack(file, scratch.path(), &Limits::default()).map_err(|error| refused(target, &error))?;
    Ok(Opened { archive: path.to_owned(), scratch })
}

/// The failure for an archive that is refused or cannot be used.
pub(super) fn refused(target: &str, error: &ArchiveError) -> Failure {
    let exit = match error {
        ArchiveError::Read(_) | ArchiveError::Disk { .. } => Exit::Environment,
        _ => Exit::Invalid,
    };
    let failure = Failure::new(exit, "archive", format!("cannot use the archive {target}"));
    let failure = failure.because(error);
    match error {
        ArchiveError::NoManifest { found: Some(_) } => {
            failure.help("pack the capsule's own directory: capsule pack DIR makes such an archive")
        }
        _ => failure,
    }
}
