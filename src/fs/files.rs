//! What can be done with paths: the functions of the interface.
//!
//! In this order: the size of what is supplied, the path, policy, the file.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::FsError;
use super::file::{OpenFile, OpenMode};
use super::mount::Mount;
use super::path::{GuestPath, Scheme};
use super::place::{Found, Place, Spot, What};
use super::resolve::{Last, absolute, resolve, resolve_link};
use super::stat::{Kind, Stat};
use super::tree;
use super::volume::Volume;
use crate::limits::{FS_COPY_UP_BYTES_MAX, FS_ENTRIES_MAX, FS_FILE_BYTES_MAX};

/// What is to be done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Access {
    Read,
    Write,
    ReadAndWrite,
}

/// A resolved path, as policy is asked about it.
pub struct Target<'a> {
    /// The place.
    pub scheme: Scheme,
    /// The path on the machine, without links; `None` when the place is not there. Never shown to a
    /// guest.
    pub absolute: Option<&'a Path>,
    /// The path in the place.
    pub relative: &'a Path,
}

/// Asks policy; an error is what the guest gets.
pub type AskPolicy<'a> = dyn FnMut(Access, &Target<'_>) -> Result<(), FsError> + 'a;

/// The mounts of one call, and policy.
pub struct Files<'a> {
    workspace: Option<Arc<Mount>>,
    home: Option<Arc<Mount>>,
    tmp: Option<Arc<Mount>>,
    ask: &'a mut AskPolicy<'a>,
}

impl<'a> Files<'a> {
    /// A mount that is not there is denied.
    pub fn new(
        workspace: Option<Arc<Mount>>,
        home: Option<Arc<Mount>>,
        tmp: Option<Arc<Mount>>,
        ask: &'a mut AskPolicy<'a>,
    ) -> Files<'a> {
        Files { workspace, home, tmp, ask }
    }

    fn mount(&self, scheme: Scheme) -> Result<Arc<Mount>, FsError> {
        let mount = match scheme {
            Scheme::Workspace => &self.workspace,
            Scheme::Home => &self.home,
            Scheme::Tmp => &self.tmp,
        };
        mount.clone().ok_or(FsError::Denied)
    }

    /// The mount that a path is in. Policy is asked about one that is not there as well, so that it
    /// can say why.
    fn mount_of(&mut self, path: &GuestPath<'_>, access: Access) -> Result<Arc<Mount>, FsError> {
        if let Ok(mount) = self.mount(path.scheme) {
            return Ok(mount);
        }
        let relative: PathBuf = path.components().collect();
        let target = Target { scheme: path.scheme, absolute: None, relative: &relative };
        (self.ask)(access, &target)?;
        Err(FsError::Denied)
    }

    /// Resolves a path and asks policy about it.
    fn spot(
        &mut self,
        mount: &Mount,
        volume: &mut dyn Volume,
        path: &GuestPath<'_>,
        last: Last,
        access: Access,
    ) -> Result<Spot, FsError> {
        let spot = resolve(volume, mount.root(), mount.absolute(), path, last)?;
        self.permit(mount, spot, access)
    }

    fn permit(&mut self, mount: &Mount, spot: Spot, access: Access) -> Result<Spot, FsError> {
        for left in &spot.left {
            let absolute = mount.absolute().join(left);
            let scheme = mount.scheme();
            (self.ask)(access, &Target { scheme, absolute: Some(&absolute), relative: left })?;
        }
        if let Some(fault @ FsError::BoundaryEscape) = &spot.fault {
            return Err(fault.clone());
        }
        let relative = spot.path();
        let absolute = absolute(mount.absolute(), &spot);
        let target =
            Target { scheme: mount.scheme(), absolute: Some(&absolute), relative: &relative };
        (self.ask)(access, &target)?;
        match &spot.fault {
            _ if mount.is_closed(&relative) => Err(FsError::Access),
            Some(fault) => Err(fault.clone()),
            None => Ok(spot),
        }
    }

    /// Resolves, asks, and acts in one mount.
    fn act<R>(
        &mut self,
        path: &str,
        last: Last,
        access: Access,
        act: impl FnOnce(&Mount, &mut dyn Volume, Spot) -> Result<R, FsError>,
    ) -> Result<R, FsError> {
        let path = GuestPath::parse(path)?;
        let mount = self.mount_of(&path, access)?;
        let mut volume = mount.volume();
        let spot = self.spot(&mount, &mut *volume, &path, last, access)?;
        let relative = (access != Access::Read).then(|| spot.path());
        let done = act(&mount, &mut *volume, spot)?;
        if let Some(relative) = relative {
            mount.wrote(&relative);
        }
        Ok(done)
    }

    /// Whether the path names anything, following links.
    pub fn exists(&mut self, path: &str) -> Result<bool, FsError> {
        let found = self.act(path, Last::Follow, Access::Read, |mount, volume, spot| {
            found(mount, volume, &spot).map(drop)
        });
        match found {
            Ok(()) => Ok(true),
            Err(error @ (FsError::Denied | FsError::BoundaryEscape | FsError::InvalidPath)) => {
                Err(error)
            }
            Err(_) => Ok(false),
        }
    }

    /// Makes one directory in one that is there.
    pub fn mkdir(&mut self, path: &str) -> Result<(), FsError> {
        self.act(path, Last::Follow, Access::Write, |_, volume, spot| {
            let entry = spot.named()?;
            match volume.look(entry)? {
                Some(_) => Err(FsError::AlreadyExists),
                None => volume.make_dir(entry).map(drop),
            }
        })
    }

    /// Makes a directory and whatever is missing above it.
    pub fn mkdir_all(&mut self, path: &str) -> Result<(), FsError> {
        self.act(path, Last::Follow, Access::Write, |_, volume, spot| {
            make_dirs(volume, spot.at, &spot.rest).map(drop)
        })
    }

    /// The names in a directory.
    pub fn readdir(&mut self, path: &str) -> Result<Vec<String>, FsError> {
        self.act(path, Last::Follow, Access::Read, |mount, volume, spot| {
            let place = match found(mount, volume, &spot)?.what {
                What::Dir(place) => place,
                _ => return Err(FsError::NotDirectory),
            };
            let names = volume.list(&place, FS_ENTRIES_MAX)?;
            if names.len() > FS_ENTRIES_MAX {
                return Err(FsError::TooLarge);
            }
            Ok(names.into_iter().map(|name| name.to_string_lossy().into_owned()).collect())
        })
    }

    /// What is known about what the path names, following links.
    pub fn stat(&mut self, path: &str) -> Result<Stat, FsError> {
        self.act(path, Last::Follow, Access::Read, |mount, volume, spot| {
            Ok(found(mount, volume, &spot)?.stat)
        })
    }

    /// The same, but a link at the end is not followed.
    pub fn stat_symlink(&mut self, path: &str) -> Result<Stat, FsError> {
        self.act(path, Last::Keep, Access::Read, |mount, volume, spot| {
            Ok(found(mount, volume, &spot)?.stat)
        })
    }

    /// Removes a file or a link.
    pub fn unlink(&mut self, path: &str) -> Result<(), FsError> {
        self.act(path, Last::Keep, Access::Write, |_, volume, spot| {
            if spot.is_root() {
                return Err(FsError::IsDirectory);
            }
            let entry = spot.named()?;
            match volume.look(entry)?.ok_or(FsError::NotFound)?.what {
                What::Dir(_) => Err(FsError::IsDirectory),
                _ => volume.remove_file(entry),
            }
        })
    }

    /// The whole content of a file.
    pub fn read_file(&mut self, path: &str) -> Result<Vec<u8>, FsError> {
        let mut file = self.open(path, OpenMode::Read)?;
        read_whole(&mut file)
    }

    /// Makes `content` the whole content of a file.
    pub fn write_file(&mut self, path: &str, content: &[u8]) -> Result<(), FsError> {
        refuse_large(content)?;
        self.put(path, OpenMode::Write, content)
    }

    /// Adds `content` to the end of a file.
    pub fn append(&mut self, path: &str, content: &[u8]) -> Result<(), FsError> {
        refuse_large(content)?;
        self.put(path, OpenMode::Append, content)
    }

    fn put(&mut self, path: &str, mode: OpenMode, content: &[u8]) -> Result<(), FsError> {
        use std::io::Write;
        let mut file = self.open(path, mode)?;
        let mut file = file.file()?;
        Ok(file.write_all(content)?)
    }

    /// Opens a file.
    pub fn open(&mut self, path: &str, mode: OpenMode) -> Result<OpenFile, FsError> {
        let access = match mode {
            OpenMode::Read => Access::Read,
            OpenMode::Write | OpenMode::Append => Access::Write,
            OpenMode::ReadWrite => Access::ReadAndWrite,
        };
        self.act(path, Last::Follow, access, |mount, volume, spot| open(mount, volume, spot, mode))
    }

    /// Copies a regular file, replacing what is there.
    pub fn copy(&mut self, from: &str, to: &str) -> Result<(), FsError> {
        let mut source = self.open(from, OpenMode::Read)?;
        let source_file = source.file()?.try_clone()?;
        let length = source_file.metadata()?.len();
        // The copy is made in one piece, which nothing interrupts.
        if length > FS_COPY_UP_BYTES_MAX {
            return Err(FsError::TooLarge);
        }
        let mode = OpenMode::Append;
        let mut target = self.open(to, mode)?;
        let target_file = target.file()?;
        if is_same(&source_file, target_file)? {
            return Ok(());
        }
        target_file.set_len(0)?;
        let mut reader = &source_file;
        std::io::copy(&mut (&mut reader).take(length), &mut &*target_file)?;
        Ok(())
    }

    /// Gives what the path names another name in the same place.
    pub fn rename(&mut self, from: &str, to: &str) -> Result<(), FsError> {
        self.pair(from, to, |mount, volume, from, to| {
            if from.is_root() || to.is_root() {
                return Err(FsError::Access);
            }
            if mount.holds_closed(&from.path()) || mount.holds_closed(&to.path()) {
                return Err(FsError::Access);
            }
            volume.rename(from.named()?, to.named()?)
        })
    }

    /// Gives a file a second name in the same place.
    pub fn hard_link(&mut self, from: &str, to: &str) -> Result<(), FsError> {
        self.pair(from, to, |_, volume, from, to| {
            if from.is_root() {
                return Err(FsError::IsDirectory);
            }
            if let What::Dir(_) = volume.look(from.named()?)?.ok_or(FsError::NotFound)?.what {
                return Err(FsError::IsDirectory);
            }
            if to.is_root() {
                return Err(FsError::AlreadyExists);
            }
            volume.link(from.named()?, to.named()?)
        })
    }

    /// Resolves and asks about two paths of one mount, both to be written.
    fn pair(
        &mut self,
        from: &str,
        to: &str,
        act: impl FnOnce(&Mount, &mut dyn Volume, &Spot, &Spot) -> Result<(), FsError>,
    ) -> Result<(), FsError> {
        let (from, to) = (GuestPath::parse(from)?, GuestPath::parse(to)?);
        let mount = self.mount_of(&from, Access::Write)?;
        let other = self.mount_of(&to, Access::Write)?;
        if from.scheme != to.scheme {
            // Whether the two may be touched at all comes first.
            let mut volume = mount.volume();
            self.spot(&mount, &mut *volume, &from, Last::Keep, Access::Write)?;
            drop(volume);
            let mut volume = other.volume();
            self.spot(&other, &mut *volume, &to, Last::Keep, Access::Write)?;
            return Err(FsError::CrossMount);
        }
        let mut volume = mount.volume();
        let from = self.spot(&mount, &mut *volume, &from, Last::Keep, Access::Write)?;
        let to = self.spot(&mount, &mut *volume, &to, Last::Keep, Access::Write)?;
        act(&mount, &mut *volume, &from, &to)?;
        mount.wrote(&from.path());
        mount.wrote(&to.path());
        Ok(())
    }

    /// Removes a directory with everything in it; how many entries that were, itself included.
    pub fn remove_dir_all(&mut self, path: &str) -> Result<u64, FsError> {
        self.act(path, Last::Keep, Access::Write, |mount, volume, spot| {
            let entry = spot.named()?;
            let place = match volume.look(entry)?.ok_or(FsError::NotFound)?.what {
                What::Dir(place) => place,
                _ => return Err(FsError::NotDirectory),
            };
            if mount.holds_closed(&spot.path()) {
                return Err(FsError::Access);
            }
            tree::remove(volume, entry, &place)
        })
    }

    /// The path without links and `..`, as a guest spells it.
    pub fn canonicalize(&mut self, path: &str) -> Result<String, FsError> {
        self.act(path, Last::Follow, Access::Read, |mount, volume, spot| {
            found(mount, volume, &spot)?;
            Ok(mount.scheme().spell(&spot.path()))
        })
    }

    /// The path on the machine of a directory in a home or scratch directory, which may be read. A
    /// workspace may have a layer above it, whose directories are nowhere on the machine.
    pub(crate) fn directory(&mut self, path: &str) -> Result<PathBuf, FsError> {
        self.act(path, Last::Follow, Access::Read, |mount, volume, spot| {
            if !mount.is_direct() || found(mount, volume, &spot)?.stat.kind != Kind::Directory {
                return Err(FsError::NotDirectory);
            }
            Ok(absolute(mount.absolute(), &spot))
        })
    }

    /// Where a link leads, as a guest spells it.
    pub fn read_link(&mut self, path: &str) -> Result<String, FsError> {
        self.act(path, Last::Keep, Access::Read, |mount, volume, spot| {
            let What::Link(target) = found(mount, volume, &spot)?.what else {
                return Err(FsError::Other("not a link".to_owned()));
            };
            let (root, absolute) = (mount.root(), mount.absolute());
            let target = resolve_link(volume, root, absolute, &spot.at, &target)?;
            Ok(mount.scheme().spell(&target.path()))
        })
    }
}

fn refuse_large(content: &[u8]) -> Result<(), FsError> {
    if content.len() as u64 > FS_FILE_BYTES_MAX { Err(FsError::TooLarge) } else { Ok(()) }
}

/// What is at a spot, the root of the mount included.
fn found(mount: &Mount, volume: &mut dyn Volume, spot: &Spot) -> Result<Found, FsError> {
    if spot.is_root() {
        let metadata = mount.root().dir()?.dir_metadata()?;
        let what = What::Dir(mount.root().clone());
        return Ok(Found { stat: Stat::of(&metadata), what });
    }
    volume.look(spot.named()?)?.ok_or(FsError::NotFound)
}

fn make_dirs(volume: &mut dyn Volume, start: Place, names: &[OsString]) -> Result<Place, FsError> {
    names.iter().try_fold(start, |place, name| {
        match volume.look((&place, name))?.map(|found| found.what) {
            Some(What::Dir(next)) => Ok(next),
            Some(_) => Err(FsError::AlreadyExists),
            None => volume.make_dir((&place, name)),
        }
    })
}

fn open(
    mount: &Mount,
    volume: &mut dyn Volume,
    mut spot: Spot,
    mode: OpenMode,
) -> Result<OpenFile, FsError> {
    let Some(name) = spot.rest.pop() else { return Err(FsError::IsDirectory) };
    let place = match spot.rest.is_empty() {
        true => spot.at,
        false if mode.creates() && mount.makes_parents() => make_dirs(volume, spot.at, &spot.rest)?,
        false => return Err(FsError::NotFound),
    };
    match volume.look((&place, &name))?.map(|found| found.what) {
        Some(What::Dir(_)) => Err(FsError::IsDirectory),
        Some(What::Special) => Err(FsError::Access),
        _ => volume.open((&place, &name), mode),
    }
}

fn read_whole(file: &mut OpenFile) -> Result<Vec<u8>, FsError> {
    let file = file.file()?;
    let length = file.metadata()?.len();
    if length > FS_FILE_BYTES_MAX {
        return Err(FsError::TooLarge);
    }
    // One byte more than there should be, so that the end is found without growing.
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0).saturating_add(1));
    let mut file = file;
    (&mut file).take(FS_FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FS_FILE_BYTES_MAX { Err(FsError::TooLarge) } else { Ok(bytes) }
}

fn is_same(one: &std::fs::File, other: &std::fs::File) -> Result<bool, FsError> {
    use std::os::unix::fs::MetadataExt;
    let id = |file: &std::fs::File| -> Result<_, FsError> {
        let metadata = file.metadata()?;
        Ok((metadata.dev(), metadata.ino()))
    };
    Ok(id(one)? == id(other)?)
}
