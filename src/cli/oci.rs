//! Capsules out of a registry or a layout directory, as the user names them: `oci:…`.

use std::io::{Seek, SeekFrom};
use std::path::Path;

use super::archive::{self, Opened};
use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use crate::limits::ARCHIVE_FILE_BYTES_MAX;
use crate::local::NetworkOptions;
use crate::oci::layout::Layout;
use crate::oci::registry::{Registry, RegistryError};
use crate::oci::{OciError, Place, Pulled, Reference, Store, pull};

/// Gets the archive that `target` names, checked by its digest, and unpacks it.
pub(super) fn open(cx: &Cx, target: &str) -> Result<Opened, Failure> {
    let failed = |error: OciError| refused(target, &error);
    let reference: Reference = target.parse().map_err(failed)?;
    let scratch = |error| Failure::environment("cannot make a scratch file", &error);
    // It has no name, so that nothing is left of it however this ends.
    let mut file = tempfile::tempfile().map_err(scratch)?;
    let mut store = store(cx, &reference).map_err(failed)?;
    let pulled = pull(&reference, store.as_mut(), &mut file, ARCHIVE_FILE_BYTES_MAX);
    let Pulled { manifest, .. } = pulled.map_err(failed)?;
    file.seek(SeekFrom::Start(0)).map_err(scratch)?;
    let mut opened = archive::unpacked(target, Path::new(target), file)?;
    let pinned = reference.pinned(&manifest);
    if reference.digest.is_none() {
        cx.ui.note(&format!("{target} is {manifest} now"));
    }
    opened.reference = Some(pinned);
    Ok(opened)
}

fn store(cx: &Cx, reference: &Reference) -> Result<Box<dyn Store>, OciError> {
    match &reference.place {
        Place::Layout(path) => {
            let absolute = cx.env.absolute(path);
            let path = absolute.unwrap_or_else(|_| path.clone());
            Ok(Box::new(Layout::open(&path)?))
        }
        Place::Registry { authority, name } => {
            let network = NetworkOptions::default().network();
            Ok(Box::new(Registry::new(authority, name, network)?))
        }
    }
}

/// The failure for an artifact that is refused or cannot be had.
fn refused(target: &str, error: &OciError) -> Failure {
    let environment = match error {
        OciError::Disk { .. } => true,
        OciError::Registry(error) => !matches!(error, RegistryError::Redirect { .. }),
        _ => false,
    };
    let exit = if environment { Exit::Environment } else { Exit::Invalid };
    let failure = Failure::new(exit, "oci", format!("cannot use {target}")).because(error);
    match error {
        OciError::Reference { .. } => {
            failure.help("oci:HOST/NAME:TAG, oci:HOST/NAME@sha256:HEX, or oci:./LAYOUT:TAG")
        }
        OciError::NoCapsule { .. } => {
            failure.help("push the archive that capsule pack makes, under its own file name")
        }
        OciError::Several { .. } | OciError::None { .. } => {
            failure.help("name one by its tag or digest: :TAG or @sha256:HEX")
        }
        _ => failure,
    }
}
