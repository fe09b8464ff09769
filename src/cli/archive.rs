//! Archives as the user names them: unpacked into a scratch directory that goes when they do.

use std::fs::File;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::exit::Exit;
use super::failure::Failure;
use crate::archive::{ArchiveError, Limits, unpack};
use crate::signature::PublicKey;

/// An archive that was unpacked.
pub(super) struct Opened {
    /// The archive.
    pub(super) archive: PathBuf,
    /// The key that it had to be signed with, and is.
    pub(super) signed_by: Option<PublicKey>,
    /// The artifact that it was, by its digest, when it comes from a registry or layout. `archive` is
    /// what the user typed then, and no path.
    pub(super) reference: Option<String>,
    scratch: TempDir,
}

impl Opened {
    /// The directory with its content.
    pub(super) fn dir(&self) -> &Path {
        self.scratch.path()
    }

    /// The failure with the archive named in place of the directory that it was unpacked into.
    pub(super) fn named(&self, failure: Failure) -> Failure {
        let scratch = self.scratch.path().display().to_string();
        let archive = self.archive.display().to_string();
        let named = |text: String| text.replace(&scratch, &archive);
        let manifest = failure.manifest.map(|mut refused| {
            if let Ok(inner) = refused.path.strip_prefix(self.scratch.path()) {
                refused.path = self.archive.join(inner);
            }
            refused
        });
        Failure {
            manifest,
            message: named(failure.message),
            causes: failure.causes.into_iter().map(named).collect(),
            help: failure.help.map(named),
            ..failure
        }
    }
}

/// Unpacks an archive, all limits applied.
pub(super) fn open(target: &str, path: &Path) -> Result<Opened, Failure> {
    let file = File::open(path)
        .map_err(|error| Failure::environment(format!("cannot open {target}"), &error))?;
    unpacked(target, path, file)
}

/// The same for one that is open already.
pub(super) fn unpacked(target: &str, path: &Path, file: File) -> Result<Opened, Failure> {
    let scratch = tempfile::Builder::new()
        .prefix("capsule-")
        .tempdir()
        .map_err(|error| Failure::environment("cannot make a scratch directory", &error))?;
    unpack(file, scratch.path(), &Limits::default()).map_err(|error| refused(target, &error))?;
    Ok(Opened { archive: path.to_owned(), signed_by: None, reference: None, scratch })
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
