//! The world of a simulation: what a [`World`] says, made.
//!
//! Everything that can be decided about the outside of a guest is made here and nowhere else: the clock,
//! the home with its principals, users, settings, secrets and files, the workspace, everybody else on the
//! bus (`bus`) and the servers (`web`), which are all of the network that there is. It is all below one
//! temporary directory, and goes with it. Who answers questions is the caller's.

mod bus;
mod request;
mod web;

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::model::World;
use super::value::Content;
use crate::clock::{Clock, SEEDED_START};
use crate::fs::{Mount, Private, Scheme};
use crate::host::ports::Person;
use crate::kv::Namespace;
use crate::local::{LogSink, Machine, MachineOptions, NetworkOptions, ProcessOptions};
use crate::manifest::Manifest;
use crate::principal::{PrincipalId, edit, save_profile};
use crate::store::Store;
use crate::store::identity::Account;
use crate::store::layout::Home;

pub use bus::Others;
pub(super) use web::Asked;
use web::Web;

/// A world could not be made.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {why}")]
pub struct WorldError {
    what: &'static str,
    why: String,
}

fn failed<E: std::fmt::Display>(what: &'static str) -> impl Fn(E) -> WorldError {
    move |error| WorldError { what, why: error.to_string() }
}

/// What a simulation is made of.
pub struct SimulationOptions<'a> {
    /// What there is.
    pub world: &'a World,
    /// For whom; messages are from the first, unless they say otherwise. Not empty.
    pub principals: &'a [PrincipalId],
    /// The capsules that find the keys, settings and secrets of the world.
    pub manifests: &'a [&'a Manifest],
    /// Who answers questions and requests for approval.
    pub person: Arc<dyn Person>,
    /// Where log lines are shown.
    pub log: LogSink,
    /// Whether and how programs are started.
    pub processes: ProcessOptions,
}

/// A world that was made. It is gone when this is dropped.
pub struct Simulation {
    /// The machine that capsules are on.
    pub machine: Machine,
    /// Everybody else on the bus.
    pub others: Arc<Others>,
    /// Settings of every capsule, for [`HostingOptions::settings`](crate::local::HostingOptions).
    pub settings: BTreeMap<String, String>,
    web: Web,
    has_workspace: bool,
    places: Places,
    root: Private,
}

impl Simulation {
    /// Makes what the world says.
    ///
    /// # Errors
    ///
    /// The disk refuses, or what the world says cannot be had, such as a secret of that size.
    pub fn new(options: SimulationOptions<'_>) -> Result<Simulation, WorldError> {
        let SimulationOptions { world, principals, manifests, person, log, processes } = options;
        let root = Private::new("capsule-case-").map_err(failed("there is no room for a home"))?;
        let home = Home::at(root.path().join("home"));
        let clock = Clock::seeded(world.seed);
        // A clock is set by letting the time until then pass.
        clock.advance(world.time.unwrap_or(SEEDED_START).saturating_sub(SEEDED_START));
        let store = Store::new(home.clone(), clock.clone());
        principal(&home, &PrincipalId::default())?;
        for id in principals {
            write(&principal(&home, id)?, &world.home)?;
        }
        for id in world.messages.iter().filter_map(|message| message.principal.as_ref()) {
            principal(&home, id)?;
        }
        users(&store, &clock, world)?;
        for (id, manifest) in each(principals, manifests) {
            secrets(&store, world, id, manifest)?;
        }
        let author = principals.first().cloned().unwrap_or_default();
        let places = Places {
            home: home.principal(author.as_str()).map_err(failed("the principal has no home"))?,
            workspace: root.path().join("workspace"),
        };
        write(&places.workspace, world.workspace.as_ref().unwrap_or(&BTreeMap::new()))?;
        let web = Web::new(&world.http);
        let machine = Machine::new(MachineOptions {
            store: Some(store),
            clock,
            person,
            log,
            network: NetworkOptions {
                offline: true,
                servers: Some(Arc::new(web.clone())),
                ..NetworkOptions::default()
            },
            processes,
        });
        for (id, manifest) in each(principals, manifests) {
            keys(&machine, world, id, manifest)?;
        }
        let (bus, clock) = (machine.bus(), machine.clock());
        let others = Others::new(bus, clock, &author, &world.messages, &world.replies);
        let settings = world.env.clone();
        let has_workspace = world.workspace.is_some();
        Ok(Simulation { machine, others, settings, web, has_workspace, places, root })
    }

    /// Its workspace, as a case has it: what is written is there at once.
    pub(super) fn workspace(&self) -> Result<Mount, WorldError> {
        Mount::direct(Scheme::Workspace, &self.places.workspace)
            .map_err(failed("the workspace cannot be opened"))
    }

    /// Requests over HTTP that nothing answers, in words.
    pub fn in_vain(&self) -> Vec<String> {
        self.web.in_vain()
    }

    /// Where all of it is.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// Where the files are that the world has for a workspace; `None` when it says nothing of one.
    pub fn given_workspace(&self) -> Option<&Path> {
        self.has_workspace.then_some(&self.places.workspace)
    }

    /// Requests over HTTP that were made, in order.
    pub(super) fn requests(&self) -> Vec<Asked> {
        self.web.asked()
    }

    /// Where its files are.
    pub(super) fn places(&self) -> &Places {
        &self.places
    }
}

/// Each capsule for each principal.
fn each<'a>(
    principals: &'a [PrincipalId],
    manifests: &'a [&'a Manifest],
) -> impl Iterator<Item = (&'a PrincipalId, &'a Manifest)> {
    principals.iter().flat_map(|id| manifests.iter().map(move |manifest| (id, *manifest)))
}

/// Where the files of a simulation are.
#[derive(Clone, Debug)]
pub(super) struct Places {
    home: PathBuf,
    workspace: PathBuf,
}

impl Places {
    /// What a file in the home of the principal holds now; `None` where nothing is. An error where
    /// something else than a file is, or the file cannot be read.
    pub(super) fn home(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        read(&self.home.join(path))
    }

    /// The same for the workspace.
    pub(super) fn workspace(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        read(&self.workspace.join(path))
    }

    /// Every file in the home of the principal and in the workspace, as `home PATH` and `workspace
    /// PATH`, but what the machine keeps in a home for itself.
    pub(super) fn files(&self) -> Result<BTreeMap<String, Vec<u8>>, String> {
        let mut files = BTreeMap::new();
        collect("home", &self.home, &self.home, &mut files)?;
        collect("workspace", &self.workspace, &self.workspace, &mut files)?;
        Ok(files)
    }
}

/// Directories of a home that belong to the machine.
const MACHINE_DIRS: [&str; 2] = [".config", ".local"];

fn collect(
    place: &str,
    root: &Path,
    dir: &Path,
    files: &mut BTreeMap<String, Vec<u8>>,
) -> Result<(), String> {
    let unreadable = |error: std::io::Error| format!("cannot read {place}: {error}");
    for entry in std::fs::read_dir(dir).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let is_machines = dir == root && MACHINE_DIRS.iter().any(|name| entry.file_name() == *name);
        if place == "home" && is_machines {
            continue;
        }
        let path = entry.path();
        let shown = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        let kind = entry.file_type().map_err(unreadable)?;
        if kind.is_dir() {
            files.insert(format!("{place} {shown}/"), Vec::new());
            collect(place, root, &path, files)?;
        } else if kind.is_file() {
            files.insert(format!("{place} {shown}"), std::fs::read(&path).map_err(unreadable)?);
        }
    }
    Ok(())
}

/// Makes the home of a principal, and their profile.
fn principal(home: &Home, id: &PrincipalId) -> Result<PathBuf, WorldError> {
    let dir = home.principal(id.as_str()).map_err(failed("the principal has no home"))?;
    std::fs::create_dir_all(&dir).map_err(failed("the home cannot be made"))?;
    let is_new = !id.is_default() && !home.profile(id.as_str()).is_ok_and(|path| path.exists());
    if is_new {
        let profile = edit::new_profile(id, &[]).map_err(failed("the principal cannot be made"))?;
        save_profile(&home.profiles(), id, &profile)
            .map_err(failed("the principal cannot be made"))?;
    }
    Ok(dir)
}

/// Puts the settings that the manifest calls secret where secrets are.
fn secrets(
    store: &Store,
    world: &World,
    id: &PrincipalId,
    manifest: &Manifest,
) -> Result<(), WorldError> {
    let (id, capsule) = (id.as_str(), manifest.id().as_str());
    for var in manifest.env.iter().filter(|var| var.is_secret()) {
        if let Some(value) = world.env.get(&var.name) {
            let secrets = store.secrets(id, capsule).map_err(failed("a secret cannot be set"))?;
            secrets.set(&var.name, value).map_err(failed("a secret cannot be set"))?;
        }
    }
    Ok(())
}

/// Puts the keys where the capsule finds them.
fn keys(
    machine: &Machine,
    world: &World,
    id: &PrincipalId,
    manifest: &Manifest,
) -> Result<(), WorldError> {
    let namespace = Namespace::new(id.as_str(), manifest.id().as_str())
        .map_err(failed("the capsule has no keys"))?;
    for (key, value) in &world.kv {
        machine.kv().set(&namespace, key, value.text().as_bytes()).map_err(|error| WorldError {
            what: "a key cannot be set",
            why: format!("{key:?}: {error}"),
        })?;
    }
    Ok(())
}

/// Makes the users of the machine.
fn users(store: &Store, clock: &Clock, world: &World) -> Result<(), WorldError> {
    let identities = store.identities(clock);
    for user in &world.users {
        let id =
            identities.create(user.name.as_deref()).map_err(failed("a user cannot be made"))?;
        for (platform, account) in &user.accounts {
            let linked = Account::new(platform, account)
                .and_then(|account| identities.link(&account, &id, "case"));
            linked.map_err(failed("an account cannot be linked"))?;
        }
    }
    Ok(())
}

fn write(dir: &Path, files: &BTreeMap<String, Content>) -> Result<(), WorldError> {
    std::fs::create_dir_all(dir).map_err(failed("a directory cannot be made"))?;
    for (path, content) in files {
        let path = dir.join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(failed("a directory cannot be made"))?;
        }
        std::fs::write(path, content.text()).map_err(failed("a file cannot be written"))?;
    }
    Ok(())
}

/// What a file holds; a link is none, wherever it leads.
fn read(path: &Path) -> Result<Option<Vec<u8>>, String> {
    let metadata = match path.symlink_metadata() {
        Ok(metadata) => metadata,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(error.to_string()),
    };
    match metadata.is_file() {
        true => std::fs::read(path).map(Some).map_err(|error| error.to_string()),
        false if metadata.is_dir() => Err("a directory".to_owned()),
        false => Err("something that is no file".to_owned()),
    }
}
