//! Running a case.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::compare::{self, After, Mismatch};
use super::model::{Case, Entry, Given};
use super::outside::Outside;
use crate::bus::{Attribution, Message, Tap};
use crate::component::{Digest, EntryPoint, Surface};
use crate::engine::{Call, CallReport, Code, Ending, Hook, HookCall, Loaded};
use crate::host::ports::Belongings;
use crate::host::record::Observer;
use crate::kv::{KvService, Namespace};
use crate::limits::HOST_CALL_BYTES_MAX;
use crate::local::{Hosted, HostingOptions, ProcessOptions, Staging};
use crate::manifest::Manifest;
use crate::policy::budget::{CallLimits, call_limits};
use crate::principal::PrincipalId;

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
        let tap = outside.machine.bus().tap();
        let report = stage.call(&case.given, &payload, outside, cancel, None).await?;
        let published = stage.published(&tap);
        let verdict = if report.ending == Ending::Cancelled {
            Verdict::Cancelled
        } else {
            let after = After {
                report: &report,
                published: &published,
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
            Entry::Hook(Hook::Install) => (EntryPoint::Install, "no install hook"),
            Entry::Hook(Hook::Upgrade) => (EntryPoint::Upgrade, "no upgrade hook"),
        };
        let judged = surface.entry_points.get(entry);
        if !judged.callable() || judged.wrong_type {
            return Err(format!("the capsule has {name}: {}", judged.evidence));
        }
        let namespace = Namespace::new(given.principal.as_str(), manifest.id().as_str())
            .map_err(|error| error.to_string())?;
        let kv = outside.machine.kv().clone();
        for (key, value) in &given.kv {
            kv.set(&namespace, key, value.text().as_bytes())
                .map_err(|error| format!("the key {key:?} cannot be set: {error}"))?;
        }
        let mut settings: BTreeMap<String, String> = given.env.clone();
        let staged = match &given.entry {
            Entry::Action(_) => None,
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
        let hosted = outside.machine.host(manifest, options).map_err(|error| error.to_string())?;
        let loaded = code.link(Arc::clone(&hosted.host)).map_err(|error| error.to_string())?;
        let belongings = |id: &PrincipalId| hosted.belongings(id).map_err(|it| it.to_string());
        let principal = belongings(&given.principal)?;
        let owner = belongings(&PrincipalId::default())?;
        let limits = limits(given, outside, manifest)?;
        Ok(Stage { loaded, hosted, principal, owner, limits, kv, namespace })
    }
}

/// What a call for this principal may use.
fn limits(given: &Given, outside: &Outside, manifest: &Manifest) -> Result<CallLimits, String> {
    let account = outside.machine.accounts().find(&given.principal);
    let account = account.map_err(|error| error.to_string())?;
    let limits = call_limits(Some(account.profile()), given.limits, account.is_exempt());
    let limits = limits.map_err(|error| format!("the call may not have these limits: {error}"))?;
    Ok(limits.for_uplink(manifest.is_uplink(), given.limits.timeout))
}

pub(super) fn payload(given: &Given, dir: &Path) -> Result<Vec<u8>, String> {
    let bytes = match (&given.payload, &given.payload_file) {
        (Some(payload), _) => payload.text().into_bytes(),
        (None, Some(file)) => {
            use std::io::Read;
            let unreadable = |error| format!("cannot read {}: {error}", file.display());
            let opened = std::fs::File::open(dir.join(file)).map_err(unreadable)?;
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

/// A capsule that is ready for its call.
pub(super) struct Stage {
    loaded: Loaded,
    hosted: Hosted,
    principal: Arc<Belongings>,
    owner: Arc<Belongings>,
    limits: CallLimits,
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
            Entry::Hook(hook) => {
                let call = HookCall { hook: *hook, principal, cancel };
                let report = self.loaded.hook(call, observer).await;
                report.ok_or_else(|| format!("the capsule does not export {}", hook.export()))
            }
            Entry::Action(action) => {
                let clock = outside.machine.clock();
                let message = Message {
                    topic: given.topic.as_str().into(),
                    payload: String::from_utf8_lossy(payload).into(),
                    source_id: clock.uuid().map_err(|error| error.to_string())?,
                    principal: Attribution::Verified(given.principal.as_str().into()),
                    seq: 0,
                    timestamp: clock.since_epoch(),
                };
                let call = Call {
                    action,
                    payload,
                    principal,
                    owner: Arc::clone(&self.owner),
                    caller: Some(Arc::new(message)),
                    limits: self.limits,
                    cancel,
                };
                let invoke = self.loaded.invoke(call, observer);
                Ok(tokio::task::coop::unconstrained(invoke).await)
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

    /// All keys with their values. What a hook wrote counts when it has `returned`.
    pub(super) fn keys(&self, returned: bool) -> Result<BTreeMap<String, Vec<u8>>, String> {
        let own = &self.principal.kv;
        let names = match returned {
            true => own.list_keys(""),
            false => self.kv.list_keys(&self.namespace, ""),
        };
        let mut keys = BTreeMap::new();
        for name in names.map_err(|error| error.to_string())? {
            let value = match returned {
                true => own.get(&name),
                false => self.kv.get(&self.namespace, &name),
            };
            if let Some(value) = value.map_err(|error| error.to_string())? {
                keys.insert(name, value);
            }
        }
        Ok(keys)
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
