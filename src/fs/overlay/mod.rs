//! A directory that is worked on without being touched.
//!
//! What a guest writes goes to copies in a private directory, what it removes or renames is
//! remembered, and reading sees the two together. At the end [`Overlay::changes`] tells what became
//! different, and [`Overlay::commit`] makes the directory so, if nobody else changed what the guest
//! worked on.
//!
//! The names are kept in memory and the copies have numbers for names, so that a renamed directory
//! costs no copying and a copy cannot collide with anything. One lock holds all of it: an operation
//! is seen as a whole or not at all.

mod apply;
mod changes;
mod node;
mod operations;
mod scratch;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cap_std::fs::Dir;

use super::error::FsError;
use super::place::{Place, metadata};
use super::stat::Print;
use node::{DirNode, Layers};

pub use apply::CommitError;
pub use changes::{Change, ChangeKind};
pub(crate) use node::FileNode;
pub(crate) use scratch::left_behind;

/// A workspace with a layer of changes above it.
pub(crate) struct Overlay {
    pub(super) layers: Arc<Layers>,
    state: Mutex<State>,
}

/// Everything that changed, and what it was before.
#[derive(Default)]
struct State {
    root: DirNode,
    /// What each path below was when it was first touched; `None` is nothing.
    before: BTreeMap<PathBuf, Option<Print>>,
}

impl Overlay {
    /// An overlay of the directory `lower`, with nothing changed.
    pub(crate) fn new(lower: Arc<Dir>) -> Overlay {
        Overlay { layers: Arc::new(Layers::new(lower)), state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The overlay for the time of one operation.
    pub(crate) fn lock(&self) -> Locked<'_> {
        Locked { layers: &self.layers, state: self.state() }
    }
}

/// An overlay that nobody else uses meanwhile.
pub(crate) struct Locked<'a> {
    layers: &'a Arc<Layers>,
    state: MutexGuard<'a, State>,
}

impl State {
    /// Remembers what `name` in `at` is below, unless it is known already.
    fn touch(&mut self, at: &Place, name: &std::ffi::OsStr) -> Result<(), FsError> {
        if let Entry::Vacant(vacant) = self.before.entry(at.join(name)) {
            let print = match &at.dir {
                Some(dir) => metadata(dir, name)?.map(|metadata| Print::of(&metadata)),
                None => None,
            };
            vacant.insert(print);
        }
        Ok(())
    }

    /// Remembers the directories on the way to `path` and gives the last one.
    fn dir(&mut self, layers: &Layers, path: &Path) -> Result<&mut DirNode, FsError> {
        let mut at = Some(Arc::clone(&layers.lower));
        let mut walked = PathBuf::new();
        for name in path {
            let print = match &at {
                Some(dir) => metadata(dir, name)?.map(|metadata| Print::of(&metadata)),
                None => None,
            };
            at = at.and_then(|dir| super::place::open_dir(&dir, name).ok());
            walked.push(name);
            self.before.entry(walked.clone()).or_insert(print);
        }
        self.root.make(path)
    }
}
