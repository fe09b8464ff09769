//! Making the workspace what a guest left it as.
//!
//! First everything is checked against what it was when it was first touched. Then new content is
//! written beside, in a directory of its own inside the workspace; then names change, one rename
//! each, and what was there before is kept in that directory. Whatever fails on the way is undone.
//! A process that is killed in the middle leaves that directory, with all that was replaced in it.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_std::fs::{Dir, OpenOptions};
use rustix::fs::{RenameFlags, SeekFrom, renameat_with, seek};
use rustix::io::Errno;

use super::super::error::FsError;
use super::super::place::{metadata, open_dir, open_file};
use super::super::stat::Print;
use super::changes::{Act, Change, Step, listed};
use super::node::{Content, FileNode};
use super::{Layers, Overlay, State};
use crate::limits::FS_DEPTH_MAX;

/// So many paths that somebody else added are told at most.
const STRANGERS_MAX: usize = 100;

/// Why the changes were not applied. The workspace is as it was, unless the error says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Somebody else changed what the guest worked on.
    #[error("changed meanwhile by somebody else: {}", .paths.join(", "))]
    Conflict {
        /// The paths, sorted.
        paths: Vec<String>,
    },
    /// The disk refused.
    #[error("{path} cannot be changed")]
    Disk {
        /// The path that it was about.
        path: String,
        /// Why.
        source: FsError,
    },
    /// The disk refused, and refused again to undo what was done until then.
    #[error("{path} cannot be changed; what was replaced until then is kept in {kept}")]
    HalfDone {
        /// The path that it was about.
        path: String,
        /// Why.
        source: FsError,
        /// The directory in the workspace that holds what was there before.
        kept: String,
    },
}

impl Overlay {
    /// Applies every change, or none. What was applied is what [`Overlay::changes`] would tell.
    pub(crate) fn commit(&self) -> Result<Vec<Change>, CommitError> {
        self.commit_with(|| {})
    }

    /// The same, and calls `checked` between the check and the first change.
    pub(crate) fn commit_with(&self, checked: impl FnOnce()) -> Result<Vec<Change>, CommitError> {
        let mut state = self.state();
        let steps = state.plan(&self.layers).map_err(|source| disk(Path::new(""), source))?;
        if steps.is_empty() {
            return Ok(Vec::new());
        }
        let mut conflicts = BTreeSet::new();
        state.check(&self.layers, &steps, &mut conflicts)?;
        if !conflicts.is_empty() {
            let paths = conflicts.iter().map(|path| path.to_string_lossy().into_owned());
            return Err(CommitError::Conflict { paths: paths.collect() });
        }
        checked();
        let root = Path::new("");
        let name = self.layers.stage_name().map_err(|source| disk(root, source))?;
        let lower = &self.layers.lower;
        lower.create_dir(&name).map_err(|error| disk(root, error.into()))?;
        let stage = open_dir(lower, &name).map_err(|source| disk(root, source))?;
        let mut apply = Apply {
            layers: &self.layers,
            before: &state.before,
            stage,
            staged: BTreeMap::new(),
            files: BTreeMap::new(),
            kept: 0,
            undo: Vec::new(),
        };
        let done = steps
            .iter()
            .try_for_each(|step| apply.prepare(step).map_err(|source| (step, source)))
            .and_then(|()| {
                steps.iter().try_for_each(|step| apply.make(step).map_err(|source| (step, source)))
            });
        let undone = if done.is_err() { apply.undo() } else { true };
        drop(apply);
        if undone && let Err(error) = lower.remove_dir_all(&name) {
            tracing::warn!("{} stays in the workspace: {error}", name.to_string_lossy());
        }
        match done {
            Ok(()) => {
                // From here on there is nothing that differs.
                *state = State::default();
                Ok(listed(&steps))
            }
            Err((step, FsError::AlreadyExists)) if undone => {
                let paths = vec![step.path.to_string_lossy().into_owned()];
                Err(CommitError::Conflict { paths })
            }
            Err((step, source)) if undone => Err(disk(&step.path, source)),
            Err((step, source)) => Err(CommitError::HalfDone {
                path: step.path.to_string_lossy().into_owned(),
                source,
                kept: name.to_string_lossy().into_owned(),
            }),
        }
    }
}

fn disk(path: &Path, source: FsError) -> CommitError {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    CommitError::Disk { path: path.to_string_lossy().into_owned(), source }
}

impl Layers {
    fn print(&self, path: &Path) -> Result<Option<Print>, FsError> {
        match self.below(path) {
            Ok((dir, name)) => Ok(metadata(&dir, name)?.map(|metadata| Print::of(&metadata))),
            Err(FsError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl State {
    /// Collects the paths that are not what they were when they were first touched.
    fn check(
        &self,
        layers: &Layers,
        steps: &[Step],
        conflicts: &mut BTreeSet<PathBuf>,
    ) -> Result<(), CommitError> {
        let mut paths = BTreeSet::new();
        for step in steps {
            paths.extend(step.path.ancestors().filter(|path| *path != Path::new("")));
            if let Act::Remove { is_dir: true, .. } = step.act {
                let inside = self.before.range(step.path.clone()..);
                let inside = inside.take_while(|(path, _)| path.starts_with(&step.path));
                paths.extend(inside.map(|(path, _)| path.as_path()));
                let found = layers.below(&step.path).and_then(|(dir, name)| open_dir(&dir, name));
                if let Ok(dir) = found {
                    strangers(&self.before, &dir, &step.path, conflicts, 0)
                        .map_err(|source| disk(&step.path, source))?;
                }
            }
        }
        let origins: Vec<PathBuf> = steps.iter().filter_map(origin).collect();
        paths.extend(origins.iter().map(PathBuf::as_path));
        for path in paths {
            let Some(before) = self.before.get(path) else { continue };
            let now = layers.print(path).map_err(|source| disk(path, source))?;
            if now != *before {
                conflicts.insert(path.to_owned());
            }
        }
        Ok(())
    }
}

/// What is in a directory that shall go, and was not there when it was removed.
fn strangers(
    before: &BTreeMap<PathBuf, Option<Print>>,
    dir: &Dir,
    path: &Path,
    found: &mut BTreeSet<PathBuf>,
    depth: usize,
) -> Result<(), FsError> {
    if depth > FS_DEPTH_MAX {
        return Err(FsError::TooLarge);
    }
    for entry in dir.entries()? {
        let name = entry?.file_name();
        let path = path.join(&name);
        if !matches!(before.get(&path), Some(Some(_))) {
            found.insert(path);
            if found.len() >= STRANGERS_MAX {
                break;
            }
        } else if metadata(dir, &name)?.is_some_and(|metadata| metadata.is_dir()) {
            strangers(before, &*open_dir(dir, &name)?, &path, found, depth + 1)?;
        }
    }
    Ok(())
}

/// Where a file that only got another name is below.
fn origin(step: &Step) -> Option<PathBuf> {
    let Act::File(file) = &step.act else { return None };
    match &*file.content() {
        Content::Below(path) => Some(path.clone()),
        Content::Copy(_) => None,
    }
}

enum Undo {
    /// Give back its name to what is kept.
    Restore { kept: String, path: PathBuf },
    /// Remove a new file or link.
    File(PathBuf),
    /// Remove a new directory.
    Dir(PathBuf),
}

struct Apply<'a> {
    layers: &'a Layers,
    before: &'a BTreeMap<PathBuf, Option<Print>>,
    stage: Arc<Dir>,
    /// Names in the stage, by path.
    staged: BTreeMap<PathBuf, String>,
    /// Names in the stage, by file: one that has several names is written once.
    files: BTreeMap<PathBuf, String>,
    kept: usize,
    undo: Vec<Undo>,
}

impl Apply<'_> {
    /// Writes what is new, beside.
    fn prepare(&mut self, step: &Step) -> Result<(), FsError> {
        let name = format!("new-{}", self.staged.len());
        match &step.act {
            Act::Remove { .. } | Act::MakeDir => return Ok(()),
            Act::Link(target) => self.stage.symlink_contents(target, &name)?,
            Act::File(file) => {
                let content = file.content().clone();
                let key = match &content {
                    Content::Below(path) => path.clone(),
                    // A path of the workspace never begins with a slash.
                    Content::Copy(copied) => Path::new("/").join(&copied.name),
                };
                match self.files.get(&key) {
                    Some(first) => self.stage.hard_link(first, &self.stage, &name)?,
                    None => {
                        self.write(file, &content, &name)?;
                        self.files.insert(key, name.clone());
                    }
                }
            }
        }
        self.staged.insert(step.path.clone(), name);
        Ok(())
    }

    fn write(&self, file: &FileNode, content: &Content, name: &str) -> Result<(), FsError> {
        if let Content::Below(path) = content {
            let (dir, from) = self.layers.below(path)?;
            match dir.hard_link(from, &self.stage, name) {
                Ok(()) => return Ok(()),
                // Not every file system has hard links.
                Err(error) => tracing::debug!("copied instead of linked: {error}"),
            }
        }
        let (mut from, _) = file.open(OpenOptions::new().read(true))?;
        let mut options = OpenOptions::new();
        let mut to = open_file(&self.stage, name.as_ref(), options.write(true).create_new(true))?;
        copy_data(&mut from, &mut to)?;
        to.set_permissions(from.metadata()?.permissions())?;
        Ok(to.sync_all()?)
    }

    /// Changes one name.
    fn make(&mut self, step: &Step) -> Result<(), FsError> {
        let (parent, name) = self.layers.below(&step.path)?;
        let removes = matches!(step.act, Act::Remove { .. });
        if removes || (step.existed && metadata(&parent, name)?.is_some()) {
            self.keep(step, &parent, name)?;
        }
        match &step.act {
            Act::Remove { .. } => {}
            Act::MakeDir => {
                parent.create_dir(name)?;
                self.undo.push(Undo::Dir(step.path.clone()));
            }
            Act::File(_) | Act::Link(_) => {
                let staged = self.staged.get(&step.path).ok_or(FsError::NotFound)?;
                place(&self.stage, staged.as_ref(), &parent, name)?;
                self.undo.push(Undo::File(step.path.clone()));
            }
        }
        Ok(())
    }

    /// Moves what is there out of the way, if it still is what it was.
    fn keep(&mut self, step: &Step, parent: &Dir, name: &OsStr) -> Result<(), FsError> {
        let print = |metadata| Print::of(&metadata).without_change_time();
        let now = metadata(parent, name)?.map(print);
        let before = self.before.get(&step.path).copied().flatten();
        if now != before.map(Print::without_change_time) {
            return Err(FsError::AlreadyExists);
        }
        let kept = format!("old-{}", self.kept);
        parent.rename(name, &self.stage, &kept)?;
        self.kept += 1;
        self.undo.push(Undo::Restore { kept: kept.clone(), path: step.path.clone() });
        if matches!(step.act, Act::Remove { is_dir: true, .. }) {
            // Under its new name nobody finds it by accident any more: whoever put something into
            // it since the check is seen now, and gets it back.
            let dir = open_dir(&self.stage, kept.as_ref())?;
            let mut found = BTreeSet::new();
            strangers(self.before, &dir, &step.path, &mut found, 0)?;
            if !found.is_empty() {
                return Err(FsError::AlreadyExists);
            }
        }
        Ok(())
    }

    /// Takes back every step, the last one first; whether all of them could be.
    fn undo(&mut self) -> bool {
        let mut all = true;
        while let Some(undo) = self.undo.pop() {
            let taken = match &undo {
                Undo::Restore { kept, path } => self
                    .layers
                    .below(path)
                    .and_then(|(dir, name)| place(&self.stage, kept.as_ref(), &dir, name)),
                Undo::File(path) => {
                    self.layers.below(path).and_then(|(dir, name)| Ok(dir.remove_file(name)?))
                }
                Undo::Dir(path) => {
                    self.layers.below(path).and_then(|(dir, name)| Ok(dir.remove_dir(name)?))
                }
            };
            if let Err(error) = taken {
                tracing::warn!("a step of the commit could not be undone: {error}");
                all = false;
            }
        }
        all
    }
}

/// Copies what a file holds and leaves out its holes: a guest can make a file of any length with
/// one byte in it.
fn copy_data(from: &mut File, to: &mut File) -> Result<(), FsError> {
    let length = from.metadata()?.len();
    to.set_len(length)?;
    let mut at = 0;
    while at < length {
        let start = match seek(&*from, SeekFrom::Data(at)) {
            Ok(start) => start,
            // Nothing but a hole is left.
            Err(Errno::NXIO) => break,
            Err(errno) => return Err(errno.into()),
        };
        let end = seek(&*from, SeekFrom::Hole(start))?;
        seek(&*from, SeekFrom::Start(start))?;
        seek(&*to, SeekFrom::Start(start))?;
        let copied = std::io::copy(&mut from.take(end - start), to)?;
        if copied == 0 {
            break;
        }
        at = start + copied;
    }
    Ok(())
}

/// Renames without ever replacing anything.
fn place(from: &Dir, name: &OsStr, to: &Dir, target: &OsStr) -> Result<(), FsError> {
    match renameat_with(from, name, to, target, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        // A file system that cannot promise it; the look beforehand has to do.
        Err(Errno::INVAL | Errno::NOSYS) => match metadata(to, target)? {
            Some(_) => Err(FsError::AlreadyExists),
            None => Ok(from.rename(name, to, target)?),
        },
        Err(errno) => Err(errno.into()),
    }
}
