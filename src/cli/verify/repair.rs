//! Putting back what is damaged, as far as the recorded hash is found somewhere.

use std::path::{Path, PathBuf};

use crate::cli::archive::{self, Opened};
use crate::cli::cx::Cx;
use crate::cli::failure::Failure;
use crate::report::verify::Repaired;
use crate::store::Store;
use crate::store::catalog::Entry;
use crate::store::layout::Site;
use crate::store::lock::Wait;

/// Mends those of the capsules that are damaged, and tells what was put back.
pub(super) fn damaged(
    cx: &Cx,
    store: &Store,
    capsules: Vec<Entry>,
) -> Result<Vec<Repaired>, Failure> {
    let site = Site::user(store.home());
    let mut repaired = Vec::new();
    for entry in capsules {
        let id = entry.id.clone();
        let recorded = entry.meta.as_ref().and_then(Store::recorded_source);
        if store.recheck(entry).problems.is_empty() {
            continue;
        }
        let failed = |error: &(dyn std::error::Error + 'static)| {
            Failure::environment(format!("capsule {id} cannot be repaired"), error)
        };
        let lock = store.lock(&site, &id, Wait::Yes).map_err(|error| failed(&error))?;
        let source = recorded.as_deref().and_then(|path| open(cx, &id, path));
        let dir = source.as_ref().map(Source::dir);
        let mended = store.repair(&lock, dir).map_err(|error| failed(&error))?;
        for it in &mended {
            let from = source.as_ref().map_or(it.from.clone(), |source| source.named(&it.from));
            repaired.push(Repaired::new(&id, &it.path, &from));
        }
        let entry = store.find(std::slice::from_ref(&site), &id).map_err(|error| failed(&error))?;
        if !store.recheck(entry).problems.is_empty() {
            cx.ui.note(&match (source, recorded) {
                (Some(_), Some(path)) => {
                    format!("{} no longer holds what {id} was installed from", path.display())
                }
                (_, None) => format!("it is not recorded what {id} was installed from"),
                // Why it is of no use has been told.
                (None, Some(_)) => continue,
            });
        }
    }
    Ok(repaired)
}

/// What a capsule was installed from.
enum Source {
    Dir(PathBuf),
    Archive(Opened),
}

impl Source {
    fn dir(&self) -> &Path {
        match self {
            Source::Dir(dir) => dir,
            Source::Archive(opened) => opened.dir(),
        }
    }

    /// A file of the source as the user knows it: an archive's as one within the archive.
    fn named(&self, path: &Path) -> PathBuf {
        match (self, path.strip_prefix(self.dir())) {
            (Source::Archive(opened), Ok(inner)) => opened.archive.join(inner),
            _ => path.to_owned(),
        }
    }
}

/// Opens the source that is recorded; one that is no longer there, or no longer an archive, is told
/// and done without.
fn open(cx: &Cx, id: &str, path: &Path) -> Option<Source> {
    let shown = path.display().to_string();
    if path.is_dir() {
        return Some(Source::Dir(path.to_owned()));
    }
    if !path.is_file() {
        cx.ui.note(&format!("{id} was installed from {shown}, which is no longer there"));
        return None;
    }
    match archive::open(&shown, path) {
        Ok(opened) => Some(Source::Archive(opened)),
        Err(failure) => {
            let why = failure.causes.join(": ");
            cx.ui.note(&format!("{id} was installed from {shown}, which is of no use now: {why}"));
            None
        }
    }
}
