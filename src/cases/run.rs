//! Running a case.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::compare::{self, After, Mismatch};
use super::model::{Case, Entry, Given};
use super::outside::Outside;
use crate::bus::{Attribution, Message, Tap};
use crate::component::{Digest, EntryPoint, Surface};
use crate::engine::{Call, CallReport, Code, Ending, Hook, HookCall, Loaded, RunOptions};
use crate::host::CapsuleHost;
use crate::host::ports::Belongings;
use crate::host::record::Observer;
use crate::kv::{KvService, Namespace};
use crate::limits::{HOST_CALL_BYTES_MAX, RECV_TIMEOUT_MAX};
use crate::local::{Hosted, HostingOptions, ProcessOptions, Staging};
use crate::manifest::Manifest;
use crate::policy::budget::{CallLimits, RunLoopBudget, call_limits, resolve_run_loop_budget};
use crate::principal::PrincipalId;

/// How long a run loop goes on after the last message of others, if the case does not say it: as long
/// as a loop can wait in one call.
const QUIET: Duration = RECV_TIMEOUT_MAX;

/// The setting under which an upgrade hook finds the version before.
const PREVIOUS_VERSION: &str = "prev_version";

/// What every case is run with.
pub struct SuiteOptions {
    /// What the capsule claims.
    pub manifest: Arc<Manifest>,
    /// Its compiled code; with the deterministic flavour fuel is the same on every machine.
    pub code: Code,
    /// What its binary shows.
    pub surface: Surface,
    /// The digest of its binary.
    pub binary: Digest,
    /// Whether and how programs are started.
    pub processes: ProcessOptions,
}

/// A capsule whose cases are run. Many may run at once.
pub struct Suite(SuiteOptions);

/// What became of a case.
#[derive(Debug)]
pub struct Ran {
    /// Whether all was as expected.
    pub verdict: Verdict,
    /// How the call went, if there was one.
    pub report: Option<CallReport>,
    /// What the guest logged.
    pub log: Vec<String>,
    /// Questions that the case has no answer to.
    pub asked_in_vain: Vec<String>,
    /// How long all of it took.
    pub took: Duration,
}

/// Whether all was as expected.
#[derive(Debug)]
pub enum Verdict {
    /// All is as expected.
    Passed,
    /// This is not.
    Failed(Vec<Mismatch>),
    /// The case could not be run.
    Broken(String),
    /// Somebody ended it.
    Cancelled,
}

impl Suite {
    /// A suite of that capsule.
    pub fn new(options: SuiteOptions) -> Suite {
        Suite(options)
    }

    pub(super) fn options(&self) -> &SuiteOptions {
        &self.0
    }

    /// Runs a case on this thread. `dir` is where the files are that it names.
    pub async fn run(&self, case: &Case, dir: &Path, cancel: CancellationToken) -> Ran {
        let started = Instant::now();
        let mut ran = Ran::nothing();
        match self.outside(&case.given) {
            Ok(outside) => {
                let verdict = self.judged(case, dir, &outside, cancel, &mut ran).await;
                ran.verdict = verdict.unwrap_or_else(Verdict::Broken);
                ran.log = outside.log();
                ran.asked_in_vain = outside.asked_in_vain();
            }
            Err(why) => ran.verdict = Verdict::Broken(why),
        }
        ran.took = started.elapsed();
        ran
    }

    /// Makes what the case says there is around the capsule.
    pub(super) fn outside(&self, given: &Given) -> Result<Outside, String> {
        let outside = Outside::new(given, &self.0.manifest, self.0.processes.clone());
        outside.map_err(|error| error.to_string())
    }

    async fn judged(
        &self,
        case: &Case,
        dir: &Path,
        outside: &Outside,
        cancel: CancellationToken,
        ran: &mut Ran,
    ) -> Result<Verdict, String> {
        let stage = self.stage(&case.given, outside)?;
        let payload = payload(&case.given, dir)?;
        let tap = outside.machine().bus().tap();
        let ended = cancel.clone();
        let report = stage.call(&case.given, &payload, outside, cancel, None).await?;
        let published = stage.published(&tap);
        let verdict = if ended.is_cancelled() {
            Verdict::Cancelled
        } else {
            let requested = outside.simulation.requests();
            let after = After {
                report: &report,
                published: &published,
                requested: &requested,
                kv: &|key| stage.value(key, &report),
                outside,
            };
            let mismatches = compare::mismatches(&case.expect, &after);
            if mismatches.is_empty() { Verdict::Passed } else { Verdict::Failed(mismatches) }
        };
        ran.report = Some(report);
        Ok(verdict)
    }

    /// Hosts the capsule, with the keys and values that the case gives.
    pub(super) fn stage(&self, given: &Given, outside: &Outside) -> Result<Stage, String> {
        let SuiteOptions { manifest, code, surface, .. } = &self.0;
        let (entry, name) = match &given.entry {
            Entry::Action(_) => (EntryPoint::Hook, "no interceptor"),
            Entry::Run => (EntryPoint::Run, "no run loop"),
            Entry::Hook(Hook::Install) => (EntryPoint::Install, "no install hook"),
            Entry::Hook(Hook::Upgrade) => (EntryPoint::Upgrade, "no upgrade hook"),
        };
        let judged = surface.entry_points.get(entry);
        if !judged.callable() || judged.wrong_type {
            return Err(format!("the capsule has {name}: {}", judged.evidence));
        }
        let namespace = Namespace::new(given.principal.as_str(), manifest.id().as_str())
            .map_err(|error| error.to_string())?;
        let kv = outside.machine().kv().clone();
        let mut settings = outside.simulation.settings.clone();
        let staged = match &given.entry {
            Entry::Action(_) | Entry::Run => None,
            Entry::Hook(hook) => {
                if *hook == Hook::Upgrade {
                    settings.insert(PREVIOUS_VERSION.to_owned(), given.previous_version.clone());
                }
                // As in an install: what a hook writes counts when it has returned.
                Some(Staging { kv: kv.stage(namespace.clone()), secrets: Arc::default() })
            }
        };
        let options = HostingOptions {
            has_run_loop: crate::component::has_run_loop(surface),
            settings,
            workspace: Some(Arc::clone(&outside.workspace)),
            staged,
            ..HostingOptions::default()
        };
        let hosted =
            outside.machine().host(manifest, options).map_err(|error| error.to_string())?;
        outside.simulation.others.meet(hosted.host.source_id);
        let loaded = code.link(Arc::clone(&hosted.host)).map_err(|error| error.to_string())?;
        let belongings = |id: &PrincipalId| hosted.belongings(id).map_err(|it| it.to_string());
        let principal = belongings(&given.principal)?;
        let owner = belongings(&PrincipalId::default())?;
        let limits = limits(given, outside, manifest)?;
        let budget = loop_budget(given, outside)?;
        Ok(Stage { loaded, hosted, principal, owner, limits, budget, kv, namespace })
    }
}

/// What a call for this principal may use.
fn limits(given: &Given, outside: &Outside, manifest: &Manifest) -> Result<CallLimits, String> {
    let account = outside.machine().accounts().find(&given.principal);
    let account = account.map_err(|error| error.to_string())?;
    let limits = call_limits(Some(account.profile()), given.limits, account.is_exempt());
    let limits = limits.map_err(|error| format!("the call may not have these limits: {error}"))?;
    Ok(limits.for_uplink(manifest.is_uplink(), given.limits.timeout))
}

/// What a run loop may use, which is its owner's.
fn loop_budget(given: &Given, outside: &Outside) -> Result<RunLoopBudget, String> {
    let owner = PrincipalId::default();
    let account = outside.machine().accounts().find(&owner).map_err(|error| error.to_string())?;
    let (profile, groups) = (Some(account.profile()), Some(account.groups()));
    let budget = resolve_run_loop_budget(profile, groups, &owner, true);
    let memory_bytes = given.limits.memory_bytes.unwrap_or(budget.memory_bytes);
    Ok(RunLoopBudget { memory_bytes, ..budget })
}

pub(super) fn payload(given: &Given, dir: &Path) -> Result<Vec<u8>, String> {
    let bytes = match (&given.payload, &given.payload_file) {
        (Some(payload), _) => payload.text().into_bytes(),
        (None, Some(file)) => {
            use std::io::Read;
            let unreadable = |error| format!("cannot read {}: {error}", file.display());
            let path = dir.join(file);
            // Opening what waits for somebody to write would wait beyond every limit of the case.
            if !std::fs::metadata(&path).map_err(unreadable)?.is_file() {
                return Err(format!("cannot read {}: it is no file", file.display()));
            }
            let opened = std::fs::File::open(path).map_err(unreadable)?;
            let mut bytes = Vec::new();
            opened
                .take(HOST_CALL_BYTES_MAX as u64 + 1)
                .read_to_end(&mut bytes)
                .map_err(unreadable)?;
            bytes
        }
        (None, None) => Vec::new(),
    };
    if bytes.len() > HOST_CALL_BYTES_MAX {
        return Err(format!("the payload is larger than {HOST_CALL_BYTES_MAX} bytes"));
    }
    Ok(bytes)
}

/// A case of an interceptor that is ready for its call, for somebody else to make.
pub struct Prepared<'a> {
    given: &'a Given,
    action: &'a str,
    payload: Vec<u8>,
    stage: Stage,
    outside: Outside,
}

impl Suite {
    /// Prepares a case. `None` for one that calls no interceptor.
    ///
    /// # Errors
    ///
    /// What the case says cannot be had.
    pub fn prepare<'a>(&self, case: &'a Case, dir: &Path) -> Result<Option<Prepared<'a>>, String> {
        let given = &case.given;
        let Entry::Action(action) = &given.entry else { return Ok(None) };
        let outside = self.outside(given)?;
        let stage = self.stage(given, &outside)?;
        Ok(Some(Prepared { given, action, payload: payload(given, dir)?, stage, outside }))
    }
}

impl Prepared<'_> {
    /// The capsule.
    pub fn loaded(&self) -> &Loaded {
        &self.stage.loaded
    }

    /// Its host side.
    pub fn host(&self) -> &Arc<CapsuleHost> {
        &self.stage.hosted.host
    }

    /// The call, to be made once.
    ///
    /// # Errors
    ///
    /// There are no random bytes.
    pub fn call(&self) -> Result<Call<'_>, String> {
        let (payload, cancel) = (&self.payload, CancellationToken::new());
        self.stage.interceptor(self.action, self.given, payload, &self.outside, cancel)
    }
}

/// A capsule that is ready for its call.
pub(super) struct Stage {
    loaded: Loaded,
    hosted: Hosted,
    principal: Arc<Belongings>,
    owner: Arc<Belongings>,
    limits: CallLimits,
    budget: RunLoopBudget,
    kv: KvService,
    namespace: Namespace,
}

impl Stage {
    pub(super) async fn call(
        &self,
        given: &Given,
        payload: &[u8],
        outside: &Outside,
        cancel: CancellationToken,
        observer: Option<Box<dyn Observer>>,
    ) -> Result<CallReport, String> {
        let principal = Arc::clone(&self.principal);
        match &given.entry {
            Entry::Run => self.run(given, outside, cancel, observer).await,
            Entry::Hook(hook) => {
                let call = HookCall { hook: *hook, principal, cancel };
                let report = self.loaded.hook(call, observer).await;
                report.ok_or_else(|| format!("the capsule does not export {}", hook.export()))
            }
            Entry::Action(action) => {
                let call = self.interceptor(action, given, payload, outside, cancel)?;
                let invoke = self.loaded.invoke(call, observer);
                Ok(tokio::task::coop::unconstrained(invoke).await)
            }
        }
    }

    fn interceptor<'c>(
        &'c self,
        action: &'c str,
        given: &Given,
        payload: &'c [u8],
        outside: &Outside,
        cancel: CancellationToken,
    ) -> Result<Call<'c>, String> {
        let clock = outside.machine().clock();
        let message = Message {
            topic: given.topic.as_str().into(),
            payload: String::from_utf8_lossy(payload).into(),
            source_id: clock.uuid().map_err(|error| error.to_string())?,
            principal: Attribution::Verified(given.principal.as_str().into()),
            seq: 0,
            timestamp: clock.since_epoch(),
        };
        Ok(Call {
            action,
            payload,
            principal: &self.principal,
            owner: &self.owner,
            caller: Some(Arc::new(message)),
            limits: self.limits,
            cancel: Arc::new(cancel),
        })
    }

    /// Runs the loop until it ends, its virtual time is over, or the real one.
    async fn run(
        &self,
        given: &Given,
        outside: &Outside,
        cancel: CancellationToken,
        observer: Option<Box<dyn Observer>>,
    ) -> Result<CallReport, String> {
        let ends = cancel.child_token();
        outside.simulation.others.end_after(given.lasts, QUIET, ends.clone());
        let options = RunOptions {
            owner: Arc::clone(&self.owner),
            budget: self.budget,
            observer,
            window_ended: None,
            fuel_used: None,
            runtime: Handle::current(),
            cancel: ends.clone(),
            seat: None,
        };
        let started = self.loaded.start(options).ok_or("the capsule does not export run")?;
        let running = started.map_err(|error| format!("cannot start a thread: {error}"))?;
        let limit = self.limits.timeout;
        let ended = running.ended();
        tokio::pin!(ended);
        match tokio::time::timeout(limit, &mut ended).await {
            Ok(report) => Ok(report.call.clone()),
            Err(_) => {
                ends.cancel();
                let report = ended.await;
                Ok(CallReport { ending: Ending::Deadline { limit }, ..report.call.clone() })
            }
        }
    }

    /// What the capsule has published so far: topics and payloads.
    pub(super) fn published(&self, tap: &Tap) -> Vec<(String, String)> {
        let source = self.hosted.host.source_id;
        let messages = tap.drain().messages;
        let own = messages.iter().filter(|message| message.source_id == source);
        own.map(|message| (message.topic.to_string(), message.payload.to_string())).collect()
    }

    pub(super) fn limits(&self) -> &CallLimits {
        &self.limits
    }

    pub(super) fn budget(&self) -> &RunLoopBudget {
        &self.budget
    }

    /// Under which id it publishes.
    pub(super) fn source(&self) -> uuid::Uuid {
        self.hosted.host.source_id
    }

    /// All keys with their values. What a hook wrote counts when it has `returned`.
    pub(super) fn keys(&self, returned: bool) -> Result<BTreeMap<String, Vec<u8>>, String> {
        if !returned {
            return self.stored().all();
        }
        let own = &self.principal.kv;
        let mut keys = BTreeMap::new();
        for name in own.list_keys("").map_err(|error| error.to_string())? {
            if let Some(value) = own.get(&name).map_err(|error| error.to_string())? {
                keys.insert(name, value);
            }
        }
        Ok(keys)
    }

    /// The keys of the principal, without what a hook has not finished.
    pub(super) fn stored(&self) -> Stored {
        Stored { kv: self.kv.clone(), namespace: self.namespace.clone() }
    }

    /// The value of a key after the call.
    fn value(&self, key: &str, report: &CallReport) -> Result<Option<Vec<u8>>, String> {
        let value = match report.ending {
            Ending::Returned => self.principal.kv.get(key),
            _ => self.kv.get(&self.namespace, key),
        };
        value.map_err(|error| error.to_string())
    }
}

/// The keys of a principal, as they are whenever one looks.
#[derive(Clone)]
pub(super) struct Stored {
    kv: KvService,
    namespace: Namespace,
}

impl Stored {
    /// All keys with their values.
    pub(super) fn all(&self) -> Result<BTreeMap<String, Vec<u8>>, String> {
        let mut keys = BTreeMap::new();
        let names = self.kv.list_keys(&self.namespace, "").map_err(|error| error.to_string())?;
        for name in names {
            let value = self.kv.get(&self.namespace, &name).map_err(|error| error.to_string())?;
            if let Some(value) = value {
                keys.insert(name, value);
            }
        }
        Ok(keys)
    }
}
