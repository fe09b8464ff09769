//! What an overlay remembers: directories of changed names, and the files they stand for.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use cap_std::fs::{Dir, Metadata, OpenOptions, Permissions, PermissionsExt};
use rustix::fs::{Access, AtFlags, accessat};

use super::super::error::FsError;
use super::super::place::{open_file, walk};
use super::scratch::Scratch;
use crate::limits::FS_COPY_UP_BYTES_MAX;

/// A directory: the names in it that are not what they are below.
#[derive(Default)]
pub(super) struct DirNode {
    pub(super) entries: BTreeMap<OsString, Node>,
}

/// What a name stands for above.
pub(super) enum Node {
    /// Nothing, although there is something below.
    Gone,
    /// A directory, merged with the one of the same path below if there is one.
    Dir(DirNode),
    /// A file.
    File(Arc<FileNode>),
    /// A link; guests cannot make one, but they can move one.
    Link(PathBuf),
}

impl DirNode {
    /// The directory with this path, if anything in or below it changed.
    pub(super) fn at(&self, path: &Path) -> Option<&DirNode> {
        path.iter().try_fold(self, |dir, name| match dir.entries.get(name)? {
            Node::Dir(dir) => Some(dir),
            _ => None,
        })
    }

    /// The directory with this path, which exists in the union.
    pub(super) fn make(&mut self, path: &Path) -> Result<&mut DirNode, FsError> {
        path.iter().try_fold(self, |dir, name| {
            let node = dir.entries.entry(name.to_owned());
            match node.or_insert_with(|| Node::Dir(DirNode::default())) {
                Node::Dir(dir) => Ok(dir),
                _ => Err(FsError::NotDirectory),
            }
        })
    }
}

/// The two directories of an overlay.
pub(crate) struct Layers {
    /// The workspace.
    pub(super) lower: Arc<Dir>,
    /// Copies, one file each, named by numbers; made with the first of them.
    scratch: OnceLock<Scratch>,
    next: Mutex<u64>,
}

/// A file, whatever names it has.
pub(crate) struct FileNode {
    layers: Arc<Layers>,
    content: Mutex<Content>,
}

/// Where the content of a file is.
#[derive(Clone)]
pub(super) enum Content {
    /// Below, under the path that it had there.
    Below(PathBuf),
    /// A copy of its own.
    Copy(Arc<Copied>),
}

/// A file among the copies, removed with the last use of it.
pub(super) struct Copied {
    layers: Arc<Layers>,
    pub(super) name: String,
}

impl Drop for Copied {
    fn drop(&mut self) {
        // What cannot be removed now goes with the directory.
        let _ = self.layers.upper().map(|upper| upper.remove_file(&self.name));
    }
}

impl FileNode {
    pub(super) fn below(layers: &Arc<Layers>, path: PathBuf) -> Arc<FileNode> {
        let content = Mutex::new(Content::Below(path));
        Arc::new(FileNode { layers: Arc::clone(layers), content })
    }

    /// A new, empty file.
    pub(super) fn empty(layers: &Arc<Layers>) -> Result<Arc<FileNode>, FsError> {
        let (copied, _) = layers.create()?;
        let content = Mutex::new(Content::Copy(copied));
        Ok(Arc::new(FileNode { layers: Arc::clone(layers), content }))
    }

    pub(super) fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens it as it is, and tells whether it is still the one below.
    pub(super) fn open(&self, options: &mut OpenOptions) -> Result<(File, bool), FsError> {
        match &*self.content() {
            Content::Below(path) => Ok((self.layers.open_below(path, options)?, true)),
            Content::Copy(copied) => Ok((copied.open(options)?, false)),
        }
    }

    /// Opens the copy, if there is one by now.
    pub(crate) fn reopen_above(&self) -> Result<Option<File>, FsError> {
        match &*self.content() {
            Content::Below(_) => Ok(None),
            Content::Copy(copied) => Ok(Some(copied.open(OpenOptions::new().read(true))?)),
        }
    }

    /// What is known about it.
    pub(super) fn metadata(&self) -> Result<Metadata, FsError> {
        let content = self.content().clone();
        match content {
            Content::Below(path) => {
                let (dir, name) = self.layers.below(&path)?;
                Ok(dir.symlink_metadata(name)?)
            }
            Content::Copy(copied) => Ok(self.layers.upper()?.symlink_metadata(&copied.name)?),
        }
    }

    /// Sees to it that there is a copy, which keeps the old content unless that is not wanted.
    pub(super) fn copy_up(&self, keep: bool) -> Result<(), FsError> {
        let mut content = self.content();
        let Content::Below(path) = &*content else { return Ok(()) };
        let (dir, name) = self.layers.below(path)?;
        // A copy of what may not be written may not be written either, but for a disk on which
        // nothing may: that is what an overlay is good for.
        let refused = accessat(&*dir, name, Access::WRITE_OK, AtFlags::empty()).err();
        if let Some(errno) = refused
            && !self.layers.is_read_only()
        {
            return Err(errno.into());
        }
        let from = open_file(&dir, name, OpenOptions::new().read(true))?;
        let metadata = Metadata::from_file(&from)?;
        let (copied, mut to) = self.layers.create()?;
        if keep {
            if metadata.len() > FS_COPY_UP_BYTES_MAX {
                return Err(FsError::Access);
            }
            std::io::copy(&mut &from, &mut to)?;
        }
        let mode = metadata.permissions().mode();
        let mode = Permissions::from_mode(if refused.is_some() { mode | 0o600 } else { mode });
        self.layers.upper()?.set_permissions(&copied.name, mode)?;
        *content = Content::Copy(copied);
        Ok(())
    }
}

impl Copied {
    fn open(&self, options: &mut OpenOptions) -> Result<File, FsError> {
        open_file(self.layers.upper()?, self.name.as_ref(), options)
    }
}

impl Layers {
    /// Nothing above `lower`.
    pub(super) fn new(lower: Arc<Dir>) -> Layers {
        Layers { lower, scratch: OnceLock::new(), next: Mutex::new(0) }
    }

    fn scratch(&self) -> Result<&Scratch, FsError> {
        if let Some(scratch) = self.scratch.get() {
            return Ok(scratch);
        }
        let scratch = Scratch::new()?;
        Ok(self.scratch.get_or_init(|| scratch))
    }

    /// The directory of the copies.
    fn upper(&self) -> Result<&Dir, FsError> {
        Ok(self.scratch()?.dir())
    }

    /// A name for a directory in the workspace that nobody else uses: the scratch directory's, which
    /// is random.
    pub(super) fn stage_name(&self) -> Result<OsString, FsError> {
        let mut name = OsString::from(".");
        name.push(self.scratch()?.name());
        Ok(name)
    }

    /// Makes an empty file among the copies.
    fn create(self: &Arc<Self>) -> Result<(Arc<Copied>, File), FsError> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let name = next.to_string();
        *next += 1;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        let file = open_file(self.upper()?, name.as_ref(), &mut options)?;
        Ok((Arc::new(Copied { layers: Arc::clone(self), name }), file))
    }

    /// The directory below that holds `path`, and the name there.
    pub(super) fn below<'p>(
        &self,
        path: &'p Path,
    ) -> Result<(Arc<Dir>, &'p std::ffi::OsStr), FsError> {
        let name = path.file_name().ok_or(FsError::Access)?;
        let parent = path.parent().unwrap_or(Path::new(""));
        match walk(&self.lower, parent) {
            Ok(dir) => Ok((dir, name)),
            Err(FsError::NotDirectory) => Err(FsError::NotFound),
            Err(error) => Err(error),
        }
    }

    fn open_below(&self, path: &Path, options: &mut OpenOptions) -> Result<File, FsError> {
        let (dir, name) = self.below(path)?;
        open_file(&dir, name, options)
    }

    fn is_read_only(&self) -> bool {
        rustix::fs::fstatvfs(&*self.lower)
            .is_ok_and(|stat| stat.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY))
    }
}
