//! Operations on the union of what is below and what changed.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::sync::Arc;

use cap_std::fs::OpenOptions;

use super::super::error::FsError;
use super::super::file::{OpenFile, OpenMode};
use super::super::place::{self, Found, Place, What, open_dir};
use super::super::stat::{Kind, Stat};
use super::super::volume::{Entry, Volume};
use super::Locked;
use super::node::{Content, DirNode, FileNode, Node};
use crate::limits::{FS_DEPTH_MAX, FS_TREE_ENTRIES_MAX};

/// Directories above have no file of their own; this is what they look like.
const NEW_DIR: Stat = Stat {
    size: 0,
    kind: Kind::Directory,
    mode: 0o040_755,
    modified: None,
    created: None,
    accessed: None,
};

impl Volume for Locked<'_> {
    fn look(&mut self, (at, name): Entry<'_>) -> Result<Option<Found>, FsError> {
        let dir = self.state.root.at(&at.path);
        let node = dir.and_then(|dir| dir.entries.get(name));
        Ok(Some(match node {
            None => return place::look(at, name),
            Some(Node::Gone) => return Ok(None),
            Some(Node::Dir(_)) => {
                let below = at.dir.as_ref().and_then(|dir| open_dir(dir, name).ok());
                let stat = below.as_ref().map(|dir| dir.dir_metadata()).transpose()?;
                let stat = stat.map_or(NEW_DIR, |metadata| Stat::of(&metadata));
                let place = Place { path: at.join(name), dir: below };
                Found { stat, what: What::Dir(place) }
            }
            Some(Node::File(file)) => Found { stat: Stat::of(&file.metadata()?), what: What::File },
            Some(Node::Link(target)) => {
                let size = target.as_os_str().len() as u64;
                let stat = Stat { kind: Kind::Symlink, mode: 0o120_777, size, ..NEW_DIR };
                Found { stat, what: What::Link(target.clone()) }
            }
        }))
    }

    fn list(&mut self, place: &Place, max: usize) -> Result<Vec<OsString>, FsError> {
        let above = self.state.root.at(&place.path);
        let gone = |node: &&Node| matches!(node, Node::Gone);
        let hidden = above.map_or(0, |dir| dir.entries.values().filter(gone).count());
        let mut names = BTreeSet::new();
        if let Some(dir) = &place.dir {
            // As many more as may be hidden, so that what is cut off is really too much.
            names.extend(place::names(dir, max.saturating_add(hidden))?);
        }
        for (name, node) in above.iter().flat_map(|dir| &dir.entries) {
            match node {
                Node::Gone => names.remove(name),
                _ => names.insert(name.clone()),
            };
        }
        Ok(names.into_iter().take(max.saturating_add(1)).collect())
    }

    fn open(&mut self, (at, name): Entry<'_>, mode: OpenMode) -> Result<OpenFile, FsError> {
        let node = match self.look((at, name))?.map(|found| found.what) {
            None if mode.creates() => {
                let node = FileNode::empty(self.layers)?;
                self.put(at, name, Node::File(Arc::clone(&node)))?;
                node
            }
            None => return Err(FsError::NotFound),
            Some(What::Dir(_)) => return Err(FsError::IsDirectory),
            // Links at the end were followed, unless somebody put one there just now.
            Some(What::Special | What::Link(_)) => return Err(FsError::Access),
            Some(What::File) => self.file((at, name))?,
        };
        if mode.writes() {
            node.copy_up(mode != OpenMode::Write)?;
        }
        let mut options = OpenOptions::new();
        match mode {
            OpenMode::Read => options.read(true),
            OpenMode::Write => options.write(true).truncate(true),
            OpenMode::Append => options.append(true),
            OpenMode::ReadWrite => options.read(true).write(true),
        };
        let (file, below) = node.open(&mut options)?;
        Ok(OpenFile::layered(file, mode, node, below))
    }

    fn make_dir(&mut self, (at, name): Entry<'_>) -> Result<Place, FsError> {
        if self.look((at, name))?.is_some() {
            return Err(FsError::AlreadyExists);
        }
        let (node, dir) = self.hiding(at, name, DirNode::default())?;
        self.put(at, name, Node::Dir(node))?;
        Ok(Place { path: at.join(name), dir })
    }

    fn remove_file(&mut self, entry: Entry<'_>) -> Result<(), FsError> {
        match self.look(entry)?.map(|found| found.what) {
            None => Err(FsError::NotFound),
            Some(What::Dir(_)) => Err(FsError::IsDirectory),
            Some(_) => self.take(entry).map(drop),
        }
    }

    fn remove_dir(&mut self, entry: Entry<'_>) -> Result<(), FsError> {
        match self.look(entry)?.map(|found| found.what) {
            None => Err(FsError::NotFound),
            Some(What::Dir(place)) if self.list(&place, 0)?.is_empty() => {
                self.take(entry).map(drop)
            }
            Some(What::Dir(_)) => Err(FsError::NotEmpty),
            Some(_) => Err(FsError::NotDirectory),
        }
    }

    fn rename(&mut self, from: Entry<'_>, to: Entry<'_>) -> Result<(), FsError> {
        let source = self.look(from)?.ok_or(FsError::NotFound)?;
        let (from_path, to_path) = (from.0.join(from.1), to.0.join(to.1));
        let target = self.look(to)?;
        if from_path == to_path {
            return Ok(());
        }
        let is_dir = matches!(source.what, What::Dir(_));
        if is_dir && to_path.starts_with(&from_path) {
            return Err(FsError::InvalidPath);
        }
        match target.as_ref().map(|found| &found.what) {
            None => {}
            Some(What::Dir(_)) if !is_dir => {
                // A directory that holds the source is not empty, whatever it is to become.
                let inside = from_path.starts_with(&to_path);
                return Err(if inside { FsError::NotEmpty } else { FsError::IsDirectory });
            }
            Some(What::Dir(place)) if !self.list(place, 0)?.is_empty() => {
                return Err(FsError::NotEmpty);
            }
            Some(What::Dir(_)) => {}
            Some(_) if is_dir => return Err(FsError::NotDirectory),
            Some(_) if self.is_same_file(from, to)? => return Ok(()),
            Some(_) => {}
        }
        let mut room = FS_TREE_ENTRIES_MAX;
        let node = self.lift(from, &mut room, 0)?;
        let node = match node {
            Node::Dir(dir) => Node::Dir(self.hiding(to.0, to.1, dir)?.0),
            node => node,
        };
        // What may fail comes first: a source that was taken has to arrive.
        self.state.touch(to.0, to.1)?;
        self.state.dir(self.layers, &to.0.path)?;
        self.take(from)?;
        self.put(to.0, to.1, node)
    }

    fn link(&mut self, from: Entry<'_>, to: Entry<'_>) -> Result<(), FsError> {
        let source = self.look(from)?.ok_or(FsError::NotFound)?;
        if self.look(to)?.is_some() {
            return Err(FsError::AlreadyExists);
        }
        let node = match source.what {
            What::Dir(_) => return Err(FsError::IsDirectory),
            What::Special => return Err(FsError::Access),
            What::Link(target) => Node::Link(target),
            What::File => Node::File(self.file(from)?),
        };
        self.put(to.0, to.1, node)
    }
}

impl Locked<'_> {
    /// The file with this name, which is there. One from below is known from now on.
    fn file(&mut self, (at, name): Entry<'_>) -> Result<Arc<FileNode>, FsError> {
        let dir = self.state.root.at(&at.path);
        if let Some(Node::File(file)) = dir.and_then(|dir| dir.entries.get(name)) {
            return Ok(Arc::clone(file));
        }
        let node = FileNode::below(self.layers, at.join(name));
        self.put(at, name, Node::File(Arc::clone(&node)))?;
        Ok(node)
    }

    /// Gives a name a meaning.
    fn put(&mut self, at: &Place, name: &OsStr, node: Node) -> Result<(), FsError> {
        self.state.touch(at, name)?;
        let dir = self.state.dir(self.layers, &at.path)?;
        dir.entries.insert(name.to_owned(), node);
        Ok(())
    }

    /// Removes a name, whatever it means.
    fn take(&mut self, (at, name): Entry<'_>) -> Result<(), FsError> {
        let below = match &at.dir {
            Some(dir) => place::metadata(dir, name)?.is_some(),
            None => false,
        };
        if below {
            return self.put(at, name, Node::Gone);
        }
        self.state.touch(at, name)?;
        self.state.dir(self.layers, &at.path)?.entries.remove(name);
        Ok(())
    }

    /// A directory at this name that shows nothing of the one below but what it has itself; and the
    /// one below.
    fn hiding(
        &mut self,
        at: &Place,
        name: &OsStr,
        mut node: DirNode,
    ) -> Result<(DirNode, Option<Arc<cap_std::fs::Dir>>), FsError> {
        let below = match &at.dir {
            Some(dir) if place::metadata(dir, name)?.is_some_and(|it| it.is_dir()) => {
                Some(open_dir(dir, name)?)
            }
            _ => None,
        };
        if let Some(dir) = &below {
            let names = place::names(dir, FS_TREE_ENTRIES_MAX)?;
            if names.len() > FS_TREE_ENTRIES_MAX {
                // One that is not hidden would show through.
                return Err(FsError::Quota);
            }
            for name in names {
                node.entries.entry(name).or_insert(Node::Gone);
            }
        }
        Ok((node, below))
    }

    /// Whether two names stand for one file, which a rename leaves as they are.
    fn is_same_file(&mut self, one: Entry<'_>, other: Entry<'_>) -> Result<bool, FsError> {
        let below = |this: &Self, (at, name): Entry<'_>| -> Result<_, FsError> {
            let dir = this.state.root.at(&at.path);
            let path = match dir.and_then(|dir| dir.entries.get(name)) {
                Some(Node::File(file)) => match &*file.content() {
                    Content::Below(path) => path.clone(),
                    Content::Copy(copied) => return Ok(Err(copied.name.clone())),
                },
                _ => at.join(name),
            };
            let (dir, name) = match this.layers.below(&path) {
                Ok(found) => found,
                Err(_) => return Ok(Ok(None)),
            };
            let metadata = place::metadata(&dir, name)?;
            Ok(Ok(metadata.map(|m| super::Print::of(&m)).map(|p| (p.device, p.inode))))
        };
        let (one, other) = (below(self, one)?, below(self, other)?);
        Ok(one == other && one != Ok(None))
    }

    /// Everything at and below a name as nodes of their own, to be put elsewhere. Remembers what
    /// each of them was.
    fn lift(&mut self, entry: Entry<'_>, room: &mut usize, depth: usize) -> Result<Node, FsError> {
        *room = room.checked_sub(1).ok_or(FsError::Quota)?;
        if depth > FS_DEPTH_MAX {
            return Err(FsError::TooLarge);
        }
        let (at, name) = entry;
        self.state.touch(at, name)?;
        match self.look(entry)?.ok_or(FsError::NotFound)?.what {
            What::Link(target) => Ok(Node::Link(target)),
            What::Special => Err(FsError::Access),
            What::File => Ok(Node::File(self.file(entry)?)),
            What::Dir(place) => {
                let mut node = DirNode::default();
                for name in self.list(&place, FS_TREE_ENTRIES_MAX)? {
                    let child = self.lift((&place, &name), room, depth + 1)?;
                    node.entries.insert(name, child);
                }
                Ok(Node::Dir(node))
            }
        }
    }
}
