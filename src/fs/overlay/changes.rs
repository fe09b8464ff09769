//! What became different, as a plan of what would have to be done.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_std::fs::{Dir, Metadata, OpenOptions};

use super::super::error::FsError;
use super::super::place::{metadata, open_dir, open_file};
use super::super::stat::{Kind, Print};
use super::node::{Content, DirNode, FileNode, Node};
use super::{Overlay, State};

/// How a path differs from what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// It was not there.
    Added,
    /// It was there, and is something else or has other content.
    Modified,
    /// It is not there any more; of a directory, with all that was in it.
    Removed,
}

impl ChangeKind {
    /// `added`, `modified`, `removed`.
    pub fn as_str(self) -> &'static str {
        match self {
            ChangeKind::Added => "added",
            ChangeKind::Modified => "modified",
            ChangeKind::Removed => "removed",
        }
    }
}

/// A path of the workspace that became different.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// The path in the workspace, with a slash at its end when it is, or was, a directory.
    pub path: String,
    /// How it differs.
    pub kind: ChangeKind,
}

/// One step of making the workspace below what the union is.
pub(super) struct Step {
    pub(super) path: PathBuf,
    pub(super) act: Act,
    /// Whether something has the path below.
    pub(super) existed: bool,
}

pub(super) enum Act {
    /// Remove what is there; `replaced` when something else comes in its stead.
    Remove {
        is_dir: bool,
        replaced: bool,
    },
    MakeDir,
    File(Arc<FileNode>),
    Link(PathBuf),
}

impl Overlay {
    /// What became different, sorted by path.
    pub(crate) fn changes(&self) -> Result<Vec<Change>, FsError> {
        let state = self.state();
        Ok(listed(&state.plan(&self.layers)?))
    }
}

/// The steps as changes.
pub(super) fn listed(steps: &[Step]) -> Vec<Change> {
    let mut changes: Vec<Change> = steps
        .iter()
        .filter_map(|step| {
            let (is_dir, kind) = match (&step.act, step.existed) {
                (Act::Remove { replaced: true, .. }, _) => return None,
                (Act::Remove { is_dir, .. }, _) => (*is_dir, ChangeKind::Removed),
                (Act::MakeDir, true) => (true, ChangeKind::Modified),
                (Act::MakeDir, false) => (true, ChangeKind::Added),
                (_, true) => (false, ChangeKind::Modified),
                (_, false) => (false, ChangeKind::Added),
            };
            let slash = if is_dir { "/" } else { "" };
            Some(Change { path: format!("{}{slash}", step.path.to_string_lossy()), kind })
        })
        .collect();
    changes.sort();
    changes
}

impl State {
    /// All steps, in the order in which they have to be made.
    pub(super) fn plan(&self, layers: &super::Layers) -> Result<Vec<Step>, FsError> {
        let mut plan = Plan { layers, removes: Vec::new(), makes: Vec::new() };
        plan.dir(&self.root, Path::new(""), Some(&layers.lower))?;
        let mut steps = plan.removes;
        steps.append(&mut plan.makes);
        Ok(steps)
    }
}

struct Plan<'a> {
    layers: &'a super::Layers,
    removes: Vec<Step>,
    makes: Vec<Step>,
}

impl Plan<'_> {
    fn dir(
        &mut self,
        node: &DirNode,
        path: &Path,
        below: Option<&Arc<Dir>>,
    ) -> Result<(), FsError> {
        for (name, child) in &node.entries {
            let before = match below {
                Some(dir) => metadata(dir, name)?,
                None => None,
            };
            self.name(child, path.join(name), name, below, before)?;
        }
        Ok(())
    }

    fn name(
        &mut self,
        node: &Node,
        path: PathBuf,
        name: &OsStr,
        below: Option<&Arc<Dir>>,
        before: Option<Metadata>,
    ) -> Result<(), FsError> {
        let was_dir = before.as_ref().is_some_and(Metadata::is_dir);
        let existed = before.is_some();
        let act = match node {
            Node::Gone => {
                if existed {
                    self.remove(path, was_dir, false);
                }
                return Ok(());
            }
            Node::Dir(dir) => {
                let child = below.filter(|_| was_dir).map(|below| open_dir(below, name));
                if !was_dir {
                    if existed {
                        self.remove(path.clone(), false, true);
                    }
                    let path = path.clone();
                    self.makes.push(Step { path, act: Act::MakeDir, existed });
                }
                return self.dir(dir, &path, child.transpose()?.as_ref());
            }
            Node::File(file) => {
                if let (Some(before), Some(dir)) = (&before, below)
                    && self.is_unchanged(file, &path, dir, name, before)?
                {
                    return Ok(());
                }
                Act::File(Arc::clone(file))
            }
            Node::Link(target) => {
                let same = |dir: &Arc<Dir>| dir.read_link_contents(name).ok();
                if below.and_then(same).is_some_and(|before| before == *target) {
                    return Ok(());
                }
                Act::Link(target.clone())
            }
        };
        if was_dir {
            self.remove(path.clone(), true, true);
        }
        self.makes.push(Step { path, act, existed });
        Ok(())
    }

    fn remove(&mut self, path: PathBuf, is_dir: bool, replaced: bool) {
        let act = Act::Remove { is_dir, replaced };
        self.removes.push(Step { path, act, existed: true });
    }

    /// Whether a name below stands for the same file, or for the same bytes.
    fn is_unchanged(
        &self,
        file: &FileNode,
        path: &Path,
        dir: &Arc<Dir>,
        name: &OsStr,
        before: &Metadata,
    ) -> Result<bool, FsError> {
        if Print::of(before).kind != Kind::Regular {
            return Ok(false);
        }
        match file.content().clone() {
            Content::Below(origin) if origin == path => return Ok(true),
            Content::Below(origin) => {
                let (dir, name) = self.layers.below(&origin)?;
                let origin = metadata(&dir, name)?.map(|metadata| Print::of(&metadata));
                return Ok(origin == Some(Print::of(before)));
            }
            Content::Copy(_) => {}
        }
        if file.metadata()?.len() != before.len() {
            return Ok(false);
        }
        let (above, _) = file.open(OpenOptions::new().read(true))?;
        let below = open_file(dir, name, OpenOptions::new().read(true))?;
        same_bytes(above, below)
    }
}

fn same_bytes(mut one: File, mut other: File) -> Result<bool, FsError> {
    let (mut left, mut right) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    loop {
        let read = one.read(&mut left)?;
        if read == 0 {
            return Ok(other.read(&mut right)? == 0);
        }
        match other.read_exact(&mut right[..read]) {
            Ok(()) if left[..read] == right[..read] => {}
            Ok(()) => return Ok(false),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(false),
            Err(error) => return Err(error.into()),
        }
    }
}
