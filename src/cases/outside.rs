//! What stands in for the world around the guest of one case.
//!
//! Everything that a case can decide about the outside is made here and nowhere else: the clock, the
//! home with its principals, users, settings, secrets and files, the workspace, the person who answers,
//! everybody else on the bus (`bus`) and the servers (`web`), which are all of the network that there
//! is. It is all below one temporary directory, and goes with it.

mod bus;
mod request;
mod web;

use std::collections::BTreeMap;
use std::future::{Future, ready};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use super::model::{Answer, Given};
use super::value::Content;
use crate::clock::{Clock, SEEDED_START};
use crate::fs::{Mount, Scheme};
use crate::host::ports::{
    ApprovalRequest, Approved, LogLevel, Person, PersonAnswer, Question, Remember,
};
use crate::local::{LogSink, Machine, MachineOptions, NetworkOptions, ProcessOptions};
use crate::manifest::Manifest;
use crate::policy::approval::{Rule, RuleAnswer};
use crate::principal::{PrincipalId, edit, save_profile};
use crate::store::Store;
use crate::store::identity::Account;
use crate::store::layout::Home;
pub(super) use bus::Others;
pub(super) use web::Asked;
use web::Web;

/// The outside could not be made.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {why}")]
pub struct OutsideError {
    what: &'static str,
    why: String,
}

fn failed<E: std::fmt::Display>(what: &'static str) -> impl Fn(E) -> OutsideError {
    move |error| OutsideError { what, why: error.to_string() }
}

/// The outside of one case.
pub struct Outside {
    /// The machine that the capsule is on.
    pub machine: Machine,
    /// What the capsule works in.
    pub workspace: Arc<Mount>,
    /// Everybody else on the bus.
    pub(super) others: Arc<Others>,
    web: Web,
    person: Arc<Scripted>,
    log: Arc<Mutex<Vec<String>>>,
    home_dir: PathBuf,
    workspace_dir: PathBuf,
    _root: tempfile::TempDir,
}

impl Outside {
    /// Makes what the case says.
    ///
    /// # Errors
    ///
    /// The disk refuses, or what the case says cannot be had, such as a secret of that size.
    pub fn new(
        given: &Given,
        manifest: &Manifest,
        processes: ProcessOptions,
    ) -> Result<Outside, OutsideError> {
        let root = tempfile::Builder::new()
            .prefix("capsule-case-")
            .tempdir()
            .map_err(failed("there is no room for a home"))?;
        let home = Home::at(root.path().join("home"));
        let clock = Clock::seeded(given.seed);
        // A clock is set by letting the time until then pass.
        clock.advance(given.time.unwrap_or(SEEDED_START).saturating_sub(SEEDED_START));
        let store = Store::new(home.clone(), clock.clone());
        let home_dir = principal(&home, &given.principal)?;
        for id in given.messages.iter().filter_map(|message| message.principal.as_ref()) {
            principal(&home, id)?;
        }
        users(&store, &clock, given)?;
        secrets(&store, given, manifest)?;
        let workspace_dir = root.path().join("workspace");
        write(&home_dir, &given.home)?;
        write(&workspace_dir, &given.workspace)?;
        let workspace = Mount::direct(Scheme::Workspace, &workspace_dir)
            .map_err(failed("the workspace cannot be opened"))?;
        let person = Arc::new(Scripted {
            answers: given.answers.clone(),
            rules: given.approve.clone(),
            asked_in_vain: Mutex::default(),
        });
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let web = Web::new(&given.http);
        let machine = Machine::new(MachineOptions {
            store: Some(store),
            clock,
            person: Arc::clone(&person) as _,
            log: log_to(&log),
            network: NetworkOptions {
                offline: true,
                servers: Some(Arc::new(web.clone())),
                ..NetworkOptions::default()
            },
            processes,
        });
        let (bus, clock) = (machine.bus(), machine.clock());
        let others = Others::new(bus, clock, &given.principal, &given.messages, &given.replies);
        let workspace = Arc::new(workspace);
        Ok(Outside {
            machine,
            workspace,
            others,
            web,
            person,
            log,
            home_dir,
            workspace_dir,
            _root: root,
        })
    }

    /// Questions, requests for approval and requests over HTTP that the case has no answer to.
    pub fn asked_in_vain(&self) -> Vec<String> {
        let mut asked = lock(&self.person.asked_in_vain).clone();
        asked.extend(self.web.in_vain());
        asked
    }

    /// Requests over HTTP that were made, in order.
    pub(super) fn requests(&self) -> Vec<Asked> {
        self.web.asked()
    }

    /// What the guest logged, a line each.
    pub fn log(&self) -> Vec<String> {
        lock(&self.log).clone()
    }

    /// Where its files are.
    pub(super) fn places(&self) -> Places {
        Places { home: self.home_dir.clone(), workspace: self.workspace_dir.clone() }
    }

    /// What the guest logs, as it comes.
    pub(super) fn lines(&self) -> Arc<Mutex<Vec<String>>> {
        Arc::clone(&self.log)
    }

    /// What a file in the home of the principal holds now; `None` where nothing is.
    ///
    /// # Errors
    ///
    /// Something else than a file is there, or the file cannot be read.
    pub fn home(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        read(&self.home_dir.join(path))
    }

    /// The same for the workspace.
    ///
    /// # Errors
    ///
    /// As for [`Outside::home`].
    pub fn workspace(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        read(&self.workspace_dir.join(path))
    }
}

/// Where the files of a case are.
#[derive(Clone, Debug)]
pub(super) struct Places {
    home: PathBuf,
    workspace: PathBuf,
}

impl Places {
    /// Every file in the home of the principal and in the workspace, as `home PATH` and `workspace
    /// PATH`, but what the machine keeps in a home for itself.
    pub(super) fn files(&self) -> Result<BTreeMap<String, Vec<u8>>, String> {
        let mut files = BTreeMap::new();
        collect("home", &self.home, &self.home, &mut files)?;
        collect("workspace", &self.workspace, &self.workspace, &mut files)?;
        Ok(files)
    }
}

/// A machine without files or network, for guests that ask it nothing.
pub(super) fn nowhere(processes: ProcessOptions) -> Machine {
    Machine::new(MachineOptions {
        store: None,
        clock: Clock::seeded(0),
        person: Arc::new(Scripted::default()),
        log: Arc::new(|_, _, _| {}),
        network: NetworkOptions { offline: true, ..NetworkOptions::default() },
        processes,
    })
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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

/// Makes the homes of the owner and of whom the case is about.
fn principal(home: &Home, id: &PrincipalId) -> Result<PathBuf, OutsideError> {
    let owner = PrincipalId::default();
    for id in [&owner, id] {
        let dir = home.principal(id.as_str()).map_err(failed("the principal has no home"))?;
        std::fs::create_dir_all(dir).map_err(failed("the home cannot be made"))?;
    }
    let is_new = !id.is_default() && !home.profile(id.as_str()).is_ok_and(|path| path.exists());
    if is_new {
        let profile = edit::new_profile(id, &[]).map_err(failed("the principal cannot be made"))?;
        save_profile(&home.profiles(), id, &profile)
            .map_err(failed("the principal cannot be made"))?;
    }
    home.principal(id.as_str()).map_err(failed("the principal has no home"))
}

/// Puts the settings that the manifest calls secret where secrets are.
fn secrets(store: &Store, given: &Given, manifest: &Manifest) -> Result<(), OutsideError> {
    let (id, capsule) = (given.principal.as_str(), manifest.id().as_str());
    for var in manifest.env.iter().filter(|var| var.is_secret()) {
        if let Some(value) = given.env.get(&var.name) {
            let secrets = store.secrets(id, capsule).map_err(failed("a secret cannot be set"))?;
            secrets.set(&var.name, value).map_err(failed("a secret cannot be set"))?;
        }
    }
    Ok(())
}

/// Makes the users of the machine.
fn users(store: &Store, clock: &Clock, given: &Given) -> Result<(), OutsideError> {
    let identities = store.identities(clock);
    for user in &given.users {
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

fn write(dir: &Path, files: &BTreeMap<String, Content>) -> Result<(), OutsideError> {
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

/// Lines of the log that are kept.
const LOG_LINES_MAX: usize = 200;
/// The same, as far as they are errors.
const ERRORS_MAX: usize = 10_000;

fn log_to(lines: &Arc<Mutex<Vec<String>>>) -> LogSink {
    let lines = Arc::clone(lines);
    Arc::new(move |_, level: LogLevel, message| {
        let mut lines = lock(&lines);
        // An error is kept in any case: that there was one decides whether a fault was swallowed.
        if lines.len() < LOG_LINES_MAX || (level == LogLevel::Error && lines.len() < ERRORS_MAX) {
            lines.push(format!("{} {message}", level.as_str()));
        }
    })
}

/// Somebody who says what the case says, at once.
#[derive(Default)]
struct Scripted {
    answers: BTreeMap<String, Answer>,
    rules: Vec<Rule>,
    asked_in_vain: Mutex<Vec<String>>,
}

impl Person for Scripted {
    fn ask(&self, question: Question) -> Pin<Box<dyn Future<Output = PersonAnswer> + Send>> {
        let answer = match self.answers.get(&question.key) {
            Some(Answer::One(value)) => PersonAnswer::One(value.clone()),
            Some(Answer::Many(values)) => PersonAnswer::Many(values.clone()),
            Some(Answer::Cancel) => PersonAnswer::Cancelled,
            Some(Answer::TimeOut) => PersonAnswer::TimedOut,
            None => {
                lock(&self.asked_in_vain).push(format!("the question {:?}", question.key));
                PersonAnswer::Cancelled
            }
        };
        Box::pin(ready(answer))
    }

    fn approve(&self, request: ApprovalRequest) -> Pin<Box<dyn Future<Output = Approved> + Send>> {
        let ApprovalRequest { capsule, asked, .. } = &request;
        let ruled = self.rules.iter().find_map(|rule| rule.decide(capsule, asked));
        Box::pin(ready(match ruled {
            Some(RuleAnswer::Approve) => Approved::Yes(Remember::Once),
            Some(RuleAnswer::Session) => Approved::Yes(Remember::Session),
            Some(RuleAnswer::Always) => Approved::Yes(Remember::Always),
            Some(RuleAnswer::Deny) => Approved::No,
            Some(RuleAnswer::Timeout) => Approved::TimedOut,
            Some(RuleAnswer::Error) => Approved::Unavailable,
            None => {
                lock(&self.asked_in_vain).push(format!("the request to approve {asked}"));
                Approved::NobodyThere
            }
        }))
    }
}
