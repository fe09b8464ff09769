//! Directories and names in them: what a resolved path is made of.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_fs_ext::{DirExt, FollowSymlinks, OpenOptionsFollowExt};
use cap_std::fs::{Dir, Metadata, OpenOptions, OpenOptionsExt};

use super::error::FsError;
use super::stat::Stat;

/// An existing directory of a mount.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Its path in the mount, without links and `..`.
    pub(crate) path: PathBuf,
    /// The directory on the disk; an overlay has some that are not there.
    pub(crate) dir: Option<Arc<Dir>>,
}

impl Place {
    /// The directory on the disk.
    pub(crate) fn dir(&self) -> Result<&Dir, FsError> {
        self.dir.as_deref().ok_or(FsError::NotFound)
    }

    /// The path of a name in it.
    pub(crate) fn join(&self, name: &OsStr) -> PathBuf {
        self.path.join(name)
    }
}

/// What a name in a directory stands for; links are not followed.
pub(crate) struct Found {
    pub(crate) stat: Stat,
    pub(crate) what: What,
}

/// Kinds of things that are treated differently.
pub(crate) enum What {
    Dir(Place),
    File,
    Link(PathBuf),
    /// Devices, sockets, pipes: they can be looked at and removed, and nothing else.
    Special,
}

/// A resolved path: the deepest directory on it that exists, and what is left. Nothing is left of
/// the root of a mount, one name of what exists or could be made at once, more of what lacks
/// directories.
#[derive(Debug)]
pub(crate) struct Spot {
    pub(crate) at: Place,
    pub(crate) rest: Vec<OsString>,
    /// What is wrong with the way there. It is kept until policy was asked, so that nobody learns
    /// anything about files that they may not read.
    pub(crate) fault: Option<FsError>,
    /// Directories on the way that `..` led out of again. Policy is asked about them too: whether
    /// they are there must not show.
    pub(crate) left: Vec<PathBuf>,
}

impl Spot {
    /// The root of a mount.
    pub(crate) fn root(at: &Place) -> Spot {
        Spot { at: at.clone(), rest: Vec::new(), fault: None, left: Vec::new() }
    }

    /// The whole path in the mount.
    pub(crate) fn path(&self) -> PathBuf {
        self.rest.iter().fold(self.at.path.clone(), |path, name| path.join(name))
    }

    /// Whether it is the root of the mount.
    pub(crate) fn is_root(&self) -> bool {
        self.rest.is_empty()
    }

    /// The directory and the name in it, for what needs no directory to be made.
    pub(crate) fn named(&self) -> Result<(&Place, &OsStr), FsError> {
        match self.rest.as_slice() {
            [] => Err(FsError::Access),
            [name] => Ok((&self.at, name)),
            _ => Err(FsError::NotFound),
        }
    }
}

/// What `name` in `dir` is, without following it.
pub(crate) fn metadata(dir: &Dir, name: &OsStr) -> Result<Option<Metadata>, FsError> {
    match dir.symlink_metadata(name) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) => match FsError::from(error) {
            FsError::NotFound | FsError::NotDirectory => Ok(None),
            error => Err(error),
        },
    }
}

/// Opens the directory `name`, unless it is a link.
pub(crate) fn open_dir(dir: &Dir, name: &OsStr) -> Result<Arc<Dir>, FsError> {
    Ok(Arc::new(dir.open_dir_nofollow(name)?))
}

/// Walks down `path` from `root`, following no link.
pub(crate) fn walk(root: &Arc<Dir>, path: &Path) -> Result<Arc<Dir>, FsError> {
    path.iter().try_fold(Arc::clone(root), |dir, name| open_dir(&dir, name))
}

/// What `name` in the directory `at` is on the disk.
pub(crate) fn look(at: &Place, name: &OsStr) -> Result<Option<Found>, FsError> {
    let Some(dir) = &at.dir else { return Ok(None) };
    let Some(metadata) = metadata(dir, name)? else { return Ok(None) };
    let stat = Stat::of(&metadata);
    let what = if metadata.is_dir() {
        What::Dir(Place { path: at.join(name), dir: Some(open_dir(dir, name)?) })
    } else if metadata.is_symlink() {
        What::Link(dir.read_link_contents(name)?)
    } else if metadata.is_file() {
        What::File
    } else {
        What::Special
    };
    Ok(Some(Found { stat, what }))
}

/// Opens a regular file, never through a link and never waiting for anybody.
pub(crate) fn open_file(
    dir: &Dir,
    name: &OsStr,
    options: &mut OpenOptions,
) -> Result<std::fs::File, FsError> {
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0);
    options.follow(FollowSymlinks::No).custom_flags(nonblocking);
    let file = dir.open_with(name, options)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(FsError::IsDirectory);
    }
    if !metadata.is_file() {
        return Err(FsError::Access);
    }
    Ok(file.into_std())
}

/// The names in a directory of the disk, at most `max` and one more.
pub(crate) fn names(dir: &Dir, max: usize) -> Result<Vec<OsString>, FsError> {
    let mut names = Vec::new();
    for entry in dir.entries()?.take(max.saturating_add(1)) {
        names.push(entry?.file_name());
    }
    Ok(names)
}
