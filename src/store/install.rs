//! The install transaction: plan, stage, commit.
//!
//! A [`Plan`] has no side effects. Staging makes a complete copy of the capsule where nobody looks
//! for capsules; the caller may run a lifecycle hook against it. The commit makes it visible in one
//! step, together with the values and secrets that go with it. Until then, dropping the [`Staged`]
//! capsule undoes everything. Blobs are staged with it, and
//! moved to the others by the commit alone.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::Store;
use super::binary::stays_inside;
use super::disk::{DiskError, Links, PUBLIC_DIR, PUBLIC_FILE};
use super::env::Values;
use super::grants::{Before, Grants};
use super::hash::Hash;
use super::journal::{Action, Container, Journal, Outside, StepError};
use super::layout::{self, Site};
use super::lock::CapsuleLock;
use super::meta::{Interfaces, Meta};
use super::names::{DEFAULT_PRINCIPAL, NameError};
use super::staged_blobs::Trust;
use super::switch::Progress;
use super::tree::{Origin, Tree, TreeError};
use crate::limits;

/// A capsule that is to be installed.
#[derive(Clone, Debug)]
pub struct Source {
    /// The directory that holds its files.
    pub dir: PathBuf,
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// The manifest that was checked; installed as it is, whatever the file says by then.
    pub manifest: Vec<u8>,
    /// Its binary, if the manifest declares a component.
    pub component: Option<Component>,
    /// The imports that the metadata records.
    pub imports: Interfaces,
    /// The exports that the metadata records.
    pub exports: Interfaces,
    /// What the user typed, when it names something remote.
    pub typed: Option<String>,
}

/// The binary of a capsule.
#[derive(Clone)]
pub struct Component {
    /// The file that the manifest names.
    pub file: PathBuf,
    /// Its content.
    pub bytes: Arc<[u8]>,
}

impl fmt::Debug for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Component({}, {} bytes)", self.file.display(), self.bytes.len())
    }
}

/// Which lifecycle hook an install calls for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// There is none yet, or its metadata is unusable.
    Install,
    /// There is one, of whatever version.
    Upgrade {
        /// Its version.
        previous_version: String,
    },
}

/// What an install changes beside the capsule's directory.
#[derive(Clone, Default)]
pub struct Effects {
    /// Values for the default principal's env file.
    pub env: Values,
    /// Secrets of the default principal.
    pub secrets: Values,
    /// What [`Outside`] is to carry out.
    pub outside: Option<Value>,
}

impl fmt::Debug for Effects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Effects({} values, {} secrets)", self.env.len(), self.secrets.len())
    }
}

/// Why nothing was installed, unless it says [`InstallError::Unfinished`].
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The id cannot be that of a capsule.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The source directory cannot be installed from.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// A file operation failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The component's file is no `.wasm` file inside the capsule.
    #[error("the component {} is not a .wasm file inside the capsule", file.display())]
    ComponentFile {
        /// The file that the manifest names.
        file: PathBuf,
    },
    /// The lock is that of another capsule or site.
    #[error("the lock is not that of capsule {id}")]
    WrongLock {
        /// The capsule that is to be installed.
        id: String,
    },
    /// What is installed is no longer what the plan was made for.
    #[error("capsule {id} was changed by another process")]
    Superseded {
        /// The capsule.
        id: String,
    },
    /// An earlier change of the capsule is to be finished first, by the next start.
    #[error("an earlier change of capsule {id} is incomplete")]
    Pending {
        /// The capsule.
        id: String,
    },
    /// The recorded digest of a WIT file is malformed.
    #[error("the hash recorded for {name} is malformed")]
    WitHash {
        /// The WIT file.
        name: String,
    },
    /// A hook changed what only an install may change.
    #[error("the lifecycle hook changed {}", path.display())]
    HookTouched {
        /// The file, relative to the capsule.
        path: PathBuf,
    },
    /// The journal of an earlier change cannot be followed, or this change could not be carried out
    /// and has been taken back.
    #[error(transparent)]
    Step(#[from] StepError),
    /// The change was decided but not carried out in full, and could not be taken back: the next
    /// start finishes it.
    #[error("the install is incomplete and will be finished at the next start")]
    Unfinished(#[source] Box<InstallError>),
}

/// What an install would do.
#[derive(Clone, Debug)]
pub struct Plan {
    source: Source,
    site: Site,
    pub(super) tree: Tree,
    hash: Option<Hash>,
    previous: Option<Meta>,
    /// What others recorded about these very files.
    pub(super) unknown: Map<String, Value>,
}

impl Plan {
    /// The capsule's id.
    pub fn id(&self) -> &str {
        &self.source.id
    }

    /// Which hook the install calls for.
    pub fn phase(&self) -> Phase {
        phase(self.previous.as_ref())
    }

    /// What is recorded about the installed version.
    pub fn previous(&self) -> Option<&Meta> {
        self.previous.as_ref()
    }

    /// The files.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The digest of the binary.
    pub fn hash(&self) -> Option<&Hash> {
        self.hash.as_ref()
    }
}

/// A complete capsule that waits for its commit. Dropping it undoes the staging.
#[derive(Debug)]
pub struct Staged {
    store: Store,
    plan: Plan,
    container: Container,
    /// What the metadata records for this program.
    extras: Map<String, Value>,
    keep: bool,
    _lock: CapsuleLock,
}

/// What taking an install back needs to know.
struct Undo {
    grants: Before,
    /// The blobs that were not there before.
    blobs: Vec<PathBuf>,
}

/// A capsule that has been installed.
#[derive(Debug)]
pub struct Installed {
    /// Its directory.
    pub dir: PathBuf,
    /// What is recorded about it.
    pub meta: Meta,
    /// What it was.
    pub phase: Phase,
    /// Why cleaning up failed, which the next start does again.
    pub leftover: Option<StepError>,
}

impl Store {
    /// Looks at everything that an install needs, and changes nothing.
    pub fn plan(&self, site: &Site, source: Source) -> Result<Plan, InstallError> {
        self.plan_from(site, source, Origin::Source)
    }

    pub(super) fn plan_from(
        &self,
        site: &Site,
        source: Source,
        origin: Origin,
    ) -> Result<Plan, InstallError> {
        let target = site.capsule(&source.id)?;
        if let Some(Component { file, .. }) = &source.component
            && !(stays_inside(file) && file.extension().is_some_and(|e| e == "wasm"))
        {
            return Err(InstallError::ComponentFile { file: file.clone() });
        }
        let own =
            [site.capsules().to_owned(), site.cache().to_owned(), self.home.root().to_owned()];
        // Whether an earlier change is under way is for whoever has the lock to find out. One that
        // nobody can finish is in the way of everybody.
        self.has_pending(site, &source.id)?;
        // An installed capsule may itself be the source, then nothing of the site is in the way.
        let inside = self.disk.canonicalize(&source.dir)?;
        let around =
            |dir: &PathBuf| self.disk.canonicalize(dir).is_ok_and(|dir| inside.starts_with(dir));
        let except: Vec<PathBuf> = own.into_iter().filter(|dir| !around(dir)).collect();
        let tree = self.tree(&source.dir, origin, &except)?;
        let hash = source.component.as_ref().map(|component| Hash::of(&component.bytes));
        let previous = self.previous(&target)?;
        let unknown = Map::new();
        Ok(Plan { source, site: site.clone(), tree, hash, previous, unknown })
    }

    /// Makes a complete copy of the capsule in staging.
    ///
    /// Fails when what is installed has changed since the plan was made, which cannot happen to
    /// somebody who took the lock before.
    pub fn stage(&self, plan: Plan, lock: CapsuleLock) -> Result<Staged, InstallError> {
        let id = plan.id().to_owned();
        if lock.id() != id || *lock.site() != plan.site {
            return Err(InstallError::WrongLock { id });
        }
        if self.has_pending(&plan.site, &id)? {
            return Err(InstallError::Pending { id });
        }
        if self.previous(&plan.site.capsule(&id)?)? != plan.previous {
            return Err(InstallError::Superseded { id });
        }
        self.make_dirs(plan.site.capsules(), plan.site.dir_mode())?;
        self.private_dir(plan.site.cache())?;
        self.private_dir(&plan.site.staging())?;
        let container = Container { dir: self.unique_dir(&plan.site.staging(), &id)? };
        // From here on, dropping it cleans up.
        let staged = Staged {
            store: self.clone(),
            plan,
            container,
            extras: Map::new(),
            keep: false,
            _lock: lock,
        };
        let dir = staged.dir();
        self.disk.create_dir(&dir, PUBLIC_DIR)?;
        self.copy_tree(&staged.plan.tree, &dir)?;
        let manifest = layout::manifest_in(&dir);
        self.disk.write_new(&manifest, &staged.plan.source.manifest, PUBLIC_FILE)?;
        Ok(staged)
    }

    fn previous(&self, target: &Path) -> Result<Option<Meta>, InstallError> {
        Ok(self.usable_meta(target).map_err(StepError::from)?)
    }
}

impl Staged {
    /// The directory of the staged capsule, which a hook may write to.
    pub fn dir(&self) -> PathBuf {
        self.container.tree()
    }

    /// Which hook is to be run.
    pub fn phase(&self) -> Phase {
        self.plan.phase()
    }

    /// What the metadata will record under the key of this program.
    pub fn extras_mut(&mut self) -> &mut Map<String, Value> {
        &mut self.extras
    }

    /// Makes the capsule and the effects visible, or changes nothing.
    pub fn commit(
        mut self,
        effects: Effects,
        outside: Outside<'_>,
    ) -> Result<Installed, InstallError> {
        let store = self.store.clone();
        let target = self.plan.site.capsule(self.plan.id())?;
        self.refuse_touched()?;
        let token = store.token(&self.container.dir)?;
        let meta = self.meta(&token);
        store.write_meta(&self.dir(), &meta)?;
        store.sync_tree(&self.dir())?;

        self.stage_blobs(Trust::Nothing)?;

        let _lock = store.commit_lock()?;
        // Unused ones may have been removed in between.
        self.stage_blobs(Trust::Presence)?;
        let grants = Grants {
            principal: DEFAULT_PRINCIPAL.to_owned(),
            env: effects.env,
            secrets: effects.secrets,
        };
        let undo = Undo {
            grants: store.before(self.plan.id(), &grants)?,
            blobs: store.new_blobs(&self.container)?,
        };
        let replaces = self.plan.previous.as_ref().map(|meta| meta.updated_at.clone());
        let keeps = self.differs_from_previous(&target)?;
        let action = Action::Install { token, replaces, grants, keeps };
        let journal = Journal::new(action, effects.outside);
        if let Err(error) = store.write_journal(&self.container, &journal) {
            // Nothing has been done yet, so there is nothing to take back but the decision.
            return Err(match store.remove_journal(&self.container) {
                Ok(()) => error.into(),
                Err(_) => self.unfinished(error.into()),
            });
        }
        let (site, id) = (&self.plan.site, self.plan.id());
        let carried_out = store.carry_out(&self.container, site, id, &journal, outside);
        let cause = match carried_out {
            Ok(true) => None,
            Ok(false) => Some(InstallError::Superseded { id: self.plan.id().to_owned() }),
            Err(error) => Some(InstallError::Step(error)),
        };
        if let Some(cause) = cause {
            return Err(match self.take_back(&target, &journal, &undo) {
                Ok(()) => cause,
                Err(_) => self.unfinished(cause),
            });
        }
        self.keep = true;
        let leftover = store
            .keep_replaced(&self.container, &self.plan.site, self.plan.id(), &journal.action)
            .and_then(|()| Ok(store.close(&self.container)?))
            .err();
        Ok(Installed { dir: target, meta, phase: self.phase(), leftover })
    }

    /// Leaves everything to the next start.
    fn unfinished(&mut self, cause: InstallError) -> InstallError {
        self.keep = true;
        InstallError::Unfinished(Box::new(cause))
    }

    /// Refuses a tree whose manifest is not the one that was checked, or that holds a binary which
    /// would be loaded instead of the one that was hashed.
    fn refuse_touched(&self) -> Result<(), InstallError> {
        let disk = &self.store.disk;
        let manifest = layout::manifest_in(&self.dir());
        let intact = match disk.read(&manifest, Links::Refuse, limits::MANIFEST_BYTES_MAX) {
            Ok(bytes) => bytes == self.plan.source.manifest,
            Err(DiskError::TooLarge { .. } | DiskError::NotAFile { .. }) => false,
            Err(error) if error.is_missing() => false,
            Err(error) => return Err(error.into()),
        };
        if !intact {
            return Err(InstallError::HookTouched { path: PathBuf::from("Capsule.toml") });
        }
        if let Some(Component { file, .. }) = &self.plan.source.component
            && disk.stat(&self.dir().join(file))?.is_some()
        {
            return Err(InstallError::HookTouched { path: file.clone() });
        }
        Ok(())
    }

    /// Stages the blobs that the home lacks, beside the tree.
    fn stage_blobs(&self, trust: Trust) -> Result<(), InstallError> {
        let (store, container) = (&self.store, &self.container);
        if let (Some(component), Some(hash)) = (&self.plan.source.component, &self.plan.hash) {
            store.stage_binary(container, hash, &component.bytes, trust)?;
        }
        Ok(store.stage_wits(container, &self.plan.tree, trust)?)
    }

    /// Whether what is installed is a version that somebody may want to go back to.
    fn differs_from_previous(&self, target: &Path) -> Result<bool, InstallError> {
        let Some(previous) = &self.plan.previous else { return Ok(false) };
        let manifest = layout::manifest_in(target);
        let limit = limits::MANIFEST_BYTES_MAX;
        let manifest = match self.store.disk.read(&manifest, Links::Refuse, limit) {
            Ok(bytes) => bytes,
            Err(error) if error.is_missing() => return Ok(false),
            Err(DiskError::TooLarge { .. } | DiskError::NotAFile { .. }) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        Ok(previous.version != self.plan.source.version
            || previous.wasm_hash != self.plan.hash.as_ref().map(Hash::to_string)
            || manifest != self.plan.source.manifest)
    }

    fn meta(&self, token: &str) -> Meta {
        let (source, previous) = (&self.plan.source, self.plan.previous.as_ref());
        let now = self.store.now_text();
        let wits = self.plan.tree.wits.iter();
        let mut meta = Meta {
            version: source.version.clone(),
            installed_at: previous.map_or_else(|| now.clone(), |meta| meta.installed_at.clone()),
            updated_at: now,
            source: source.typed.clone().or_else(|| previous?.source.clone()),
            imports: source.imports.clone(),
            exports: source.exports.clone(),
            wasm_hash: self.plan.hash.as_ref().map(Hash::to_string),
            wit_files: wits.map(|wit| (wit.name.clone(), wit.hash.to_string())).collect(),
            extras: self.extras.clone(),
            // Those of what is installed describe its content, such as a signature.
            unknown: self.plan.unknown.clone(),
        };
        meta.set_transaction(token);
        meta.set_manifest(&source.manifest);
        meta
    }

    /// Puts everything back to what it was before the journal was written.
    fn take_back(&self, target: &Path, journal: &Journal, undo: &Undo) -> Result<(), StepError> {
        let Action::Install { token, replaces, grants, .. } = &journal.action else {
            return Ok(());
        };
        let (store, container) = (&self.store, &self.container);
        match store.progress(container, target, token, replaces.as_deref())? {
            Progress::Switched => store.switch_back(container, target)?,
            Progress::Staged => store.move_back(container, target)?,
            Progress::Superseded => {}
        }
        store.restore(self.plan.id(), grants, &undo.grants)?;
        store.unplace_blobs(container, &undo.blobs)?;
        Ok(store.remove_journal(&self.container)?)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.keep {
            self.store.discard(&self.container.dir);
        }
    }
}

fn phase(previous: Option<&Meta>) -> Phase {
    match previous {
        Some(meta) => Phase::Upgrade { previous_version: meta.version.clone() },
        None => Phase::Install,
    }
}
