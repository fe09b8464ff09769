//! The one way from what a guest wrote to a place on the disk.
//!
//! A path is walked name by name, by way of directory handles. Links are read and walked as text,
//! so that each step stays below the root, and what comes out holds neither links nor `..`: it can
//! be compared with what the manifest allows, and acted on through the very handle that was
//! compared. A link that somebody puts there in between is not followed any more.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};

use super::error::FsError;
use super::path::GuestPath;
use super::place::{Place, Spot, What};
use super::volume::Volume;
use crate::limits::{FS_LINKS_MAX, FS_PATH_BYTES_MAX};

/// Whether a link at the end of a path is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Last {
    Follow,
    Keep,
}

/// Resolves `path` below `root`, whose absolute path on the machine is `absolute`.
pub(crate) fn resolve(
    volume: &mut dyn Volume,
    root: &Place,
    absolute: &Path,
    path: &GuestPath<'_>,
    last: Last,
) -> Result<Spot, FsError> {
    let components = path.components().map(OsString::from).collect();
    Walk { volume, root, absolute, links: 0 }.run(root.clone(), components, last)
}

/// Resolves what a link in the directory `at` points to.
pub(crate) fn resolve_link(
    volume: &mut dyn Volume,
    root: &Place,
    absolute: &Path,
    at: &Place,
    target: &Path,
) -> Result<Spot, FsError> {
    let mut walk = Walk { volume, root, absolute, links: 0 };
    let (start, components) = walk.enter(at, target)?;
    walk.run(start, components, Last::Keep)
}

/// What a walk went through and is not part of where it led.
#[derive(Default)]
struct Way {
    /// Directories that `..` led out of.
    left: Vec<PathBuf>,
    /// Links that were followed.
    links: Vec<PathBuf>,
}

struct Walk<'a> {
    volume: &'a mut dyn Volume,
    root: &'a Place,
    absolute: &'a Path,
    links: usize,
}

impl Walk<'_> {
    fn run(&mut self, at: Place, ahead: VecDeque<OsString>, last: Last) -> Result<Spot, FsError> {
        let mut way = Way::default();
        match self.walk(at, ahead, last, &mut way) {
            Ok(spot) => Ok(Spot { left: way.left, ..spot }),
            // Which way out there is shows what there is.
            Err(FsError::BoundaryEscape) => {
                let left = way.left.into_iter().chain(way.links).collect();
                Ok(Spot { left, fault: Some(FsError::BoundaryEscape), ..Spot::root(self.root) })
            }
            Err(fault) => Err(fault),
        }
    }

    fn walk(
        &mut self,
        mut at: Place,
        mut ahead: VecDeque<OsString>,
        last: Last,
        way: &mut Way,
    ) -> Result<Spot, FsError> {
        while let Some(name) = ahead.pop_front() {
            if name == ".." {
                let above = self.parent(&at)?;
                way.left.push(std::mem::replace(&mut at, above).path);
                continue;
            }
            let found = match self.volume.look((&at, &name)) {
                Ok(found) => found,
                Err(fault) => return Ok(rest(at, name, ahead, Some(fault))),
            };
            match found.map(|found| found.what) {
                Some(What::Dir(place)) if ahead.is_empty() => {
                    drop(place);
                    return Ok(rest(at, name, ahead, None));
                }
                Some(What::Dir(place)) => at = place,
                Some(What::Link(_)) if ahead.is_empty() && last == Last::Keep => {
                    return Ok(rest(at, name, ahead, None));
                }
                Some(What::Link(target)) => {
                    self.links += 1;
                    if self.links > FS_LINKS_MAX {
                        let fault = FsError::Other("too many links".to_owned());
                        return Ok(rest(at, name, ahead, Some(fault)));
                    }
                    way.links.push(at.join(&name));
                    let (start, mut components) = self.enter(&at, &target)?;
                    components.append(&mut ahead);
                    if components.len() > FS_PATH_BYTES_MAX {
                        return Err(FsError::InvalidPath);
                    }
                    (at, ahead) = (start, components);
                }
                None => return Ok(rest(at, name, ahead, None)),
                Some(What::File | What::Special) => {
                    let fault = (!ahead.is_empty()).then_some(FsError::NotDirectory);
                    return Ok(rest(at, name, ahead, fault));
                }
            }
        }
        // The path ends in `..` or names the root: a directory is its own name in its parent.
        let Some(name) = at.path.file_name().map(OsStr::to_owned) else {
            return Ok(Spot::root(&at));
        };
        let at = self.parent(&at)?;
        Ok(rest(at, name, VecDeque::new(), None))
    }

    /// Where a link leads from `at`: a directory to start in, and what to walk from there.
    fn enter(&self, at: &Place, target: &Path) -> Result<(Place, VecDeque<OsString>), FsError> {
        let (start, relative) = if target.is_absolute() {
            let inside = target.strip_prefix(self.absolute);
            (self.root, inside.map_err(|_| FsError::BoundaryEscape)?)
        } else {
            (at, target)
        };
        let names = relative.components().filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some("..".into()),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => None,
        });
        Ok((start.clone(), names.collect()))
    }

    /// The directory above `at`, walked anew from the root: handles lead down only.
    fn parent(&mut self, at: &Place) -> Result<Place, FsError> {
        let Some(above) = at.path.parent() else { return Err(FsError::BoundaryEscape) };
        let mut place = self.root.clone();
        for name in above {
            match self.volume.look((&place, name))?.map(|found| found.what) {
                Some(What::Dir(next)) => place = next,
                // Somebody exchanged it since.
                _ => return Err(FsError::NotFound),
            }
        }
        Ok(place)
    }
}

/// A spot that begins with `name` in `at`. A `..` after something that is not there leads nowhere, also
/// for what would make the directories of its path.
fn rest(at: Place, name: OsString, ahead: VecDeque<OsString>, fault: Option<FsError>) -> Spot {
    let climbs = ahead.iter().any(|name| name == "..");
    let fault = fault.or_else(|| climbs.then_some(FsError::NotFound));
    let ahead = ahead.into_iter().filter(|name| name != "..");
    Spot { at, rest: std::iter::once(name).chain(ahead).collect(), fault, left: Vec::new() }
}

/// The path of a spot on the machine, for the comparison with what the manifest allows.
pub(crate) fn absolute(root: &Path, spot: &Spot) -> PathBuf {
    root.join(spot.path())
}
