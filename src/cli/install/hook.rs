//! The lifecycle hook: run against layers that are committed with the install, or dropped with it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use super::Candidate;
use crate::cli::cx::Cx;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::invoke::{because_of, exit};
use crate::cli::load::{Place, PlaceOptions, is_callable, log_to, refused};
use crate::cli::observe::Tracing;
use crate::cli::outside::Outside;
use crate::cli::person::{ApproveArgs, LocalPerson, telling};
use crate::cli::tape::{RecordArgs, Recording, Track};
use crate::cli::{interrupt, observe};
use crate::component::EntryPoint;
use crate::engine::{CallReport, Ending, Hook, HookCall, Loaded, Profile};
use crate::fs::{Journal, Mount, Scheme};
use crate::host::record::{Both, Observer};
use crate::kv::Namespace;
use crate::local::{HostingOptions, Staging};
use crate::principal::PrincipalId;
use crate::report::install::InstallReport;
use crate::store::install::{Effects, Phase};

/// The setting under which an upgrade hook finds the version before.
const PREVIOUS_VERSION: &str = "prev_version";

/// The hook of one install.
pub(super) struct Run<'a> {
    pub(super) candidate: &'a Candidate,
    pub(super) phase: &'a Phase,
    /// Whether it is left out.
    pub(super) skip: bool,
    /// The staged directory, which is dropped with everything else if the hook fails.
    pub(super) dir: &'a Path,
    /// Who decides on what it asks approval for.
    pub(super) approve: &'a ApproveArgs,
    pub(super) tracing: Option<&'a Tracing>,
    pub(super) record: &'a RecordArgs,
    pub(super) place: PlaceOptions,
}

impl Run<'_> {
    /// Calls the hook, seen by whoever wants to see it.
    fn call(
        &self,
        loaded: &Loaded,
        call: HookCall,
        recording: Option<&Recording>,
    ) -> Result<CallReport, Failure> {
        let manifest = &self.candidate.capsule.manifest;
        let track = recording.map(|recording| recording.hook(manifest, call.hook));
        let tracer = self.tracing.map(|tracing| tracing.watch(manifest, ""));
        let recorder = track.as_ref().and_then(Track::observer);
        let called = call_hook(loaded, call, Both::of(tracer, recorder));
        if let (Some(track), Ok(report)) = (track, &called) {
            track.end(report);
        }
        called
    }

    /// Runs the hook that the phase calls for, if the capsule has one, and adds what it did to
    /// `effects`. What it writes to a home cannot be taken back, and is listed.
    pub(super) fn run(
        &self,
        cx: &Cx,
        effects: &mut Effects,
        report: &mut InstallReport,
    ) -> Result<(), Failure> {
        run(cx, self, effects, report)
    }
}

fn run(
    cx: &Cx,
    hook_run: &Run<'_>,
    effects: &mut Effects,
    report: &mut InstallReport,
) -> Result<(), Failure> {
    let Run { candidate, phase, skip, dir, approve, place, .. } = hook_run;
    let (hook, entry) = match phase {
        Phase::Install => (Hook::Install, EntryPoint::Install),
        Phase::Upgrade { .. } => (Hook::Upgrade, EntryPoint::Upgrade),
    };
    let is_there = is_callable(&candidate.surface, entry);
    if hook_run.record.is_on() && !(is_there && candidate.linkable) {
        cx.ui.warn(&format!("there is no {} to record", hook.export()));
    }
    if !is_there {
        return Ok(());
    }
    if *skip || !candidate.linkable {
        report.hooks_skipped.push(hook.export());
        return Ok(());
    }
    let person = LocalPerson::new(candidate.answers.clone(), cx.may_ask());
    let person = Arc::new(person.deciding(approve, telling(&cx.ui))?);
    let asked = Arc::clone(&person);
    let options = PlaceOptions { deterministic: hook_run.record.is_on(), ..place.clone() };
    let place = Place::new(cx, options, Profile::OneShot, person, log_to(&cx.ui))?;
    report.unsandboxed = place.unsandboxed;
    let principal = PrincipalId::default();
    let id = candidate.capsule.id();
    let namespace = Namespace::new(principal.as_str(), id.as_str()).map_err(|error| {
        Failure::new(Exit::Defect, "namespace", "the capsule has no namespace").because(&error)
    })?;
    // What was given with the installation is there when the hook looks for it.
    let given = Arc::new(Mutex::new(effects.secrets.clone()));
    let staging = Staging { kv: place.machine.kv().stage(namespace), secrets: given };
    let mut settings: BTreeMap<String, String> = effects.env.clone();
    if let Phase::Upgrade { previous_version } = phase {
        settings.insert(PREVIOUS_VERSION.to_owned(), previous_version.clone());
    }
    let workspace = Mount::direct(Scheme::Workspace, dir)
        .map_err(|error| Failure::environment("the staged capsule cannot be opened", &error))?;
    let journal = Journal::default();
    let hosting = HostingOptions {
        settings,
        staged: Some(staging.clone()),
        workspace: Some(Arc::new(workspace)),
        journal: Some(Arc::clone(&journal)),
        ..HostingOptions::default()
    };
    let ready = place.load(&candidate.capsule, hosting)?;
    let call = HookCall {
        hook,
        principal: ready.hosted.belongings(&principal).map_err(|error| refused(&error))?,
        cancel: CancellationToken::new(),
    };
    let recording = hook_run.record.open(cx, &[&candidate.capsule], place.flavour)?;
    let called = hook_run.call(&ready.loaded, call, recording.as_ref());
    report.files_written =
        journal.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
    report.approvals = asked.decided();
    // A hook that failed is recorded too: that is when one wants to see it again.
    let recorded = match (&called, recording) {
        (Ok(_), Some(recording)) => recording.finish(),
        _ => Ok(()),
    };
    let called = called.and_then(|called| judge(hook, phase, &called, &asked));
    called.inspect_err(|_| say_what_stays(cx, report))?;
    recorded?;
    // Whether it can do without is up to the capsule, which said nothing against it.
    for key in asked.declined() {
        cx.ui.warn(&format!("{} asked for {key} and got no answer", hook.export()));
    }
    report.hooks_run.push(hook.export());
    keep(&place, &staging, effects)
}

/// Adds what a hook wrote to what the install does.
fn keep(place: &Place, staging: &Staging, effects: &mut Effects) -> Result<(), Failure> {
    let secrets = staging.secrets.lock().unwrap_or_else(PoisonError::into_inner).clone();
    effects.secrets.extend(secrets);
    let token = place
        .machine
        .clock()
        .uuid()
        .map_err(|error| Failure::environment("the system has no random bytes", &error))?;
    let change = Outside::commit(&staging.kv, token.to_string());
    effects.outside = change.map(|change| change.to_value());
    Ok(())
}

/// Whether a hook has done what it is for: it returned, and nobody was missing who had to be asked.
fn judge(
    hook: Hook,
    phase: &Phase,
    called: &CallReport,
    asked: &LocalPerson,
) -> Result<(), Failure> {
    if let Some(key) = asked.unanswered().first() {
        let message = format!("{} asked for {key}, and nobody was there to answer", hook.export());
        let unanswered = Failure::new(Exit::Denied, "unanswered", message);
        return Err(unanswered.help(format!("add --set {key}=VALUE, or --answers FILE")));
    }
    if let Some(missing) = asked.missing_approval() {
        return Err(missing);
    }
    match called.ending {
        Ending::Returned => Ok(()),
        _ => Err(hook_failed(hook, phase, called)),
    }
}

/// Names the files that a hook wrote before it failed: they are not taken back.
fn say_what_stays(cx: &Cx, report: &InstallReport) {
    for file in &report.files_written {
        cx.ui.note(&format!("the hook wrote {file}, which stays"));
    }
}

fn call_hook(
    loaded: &Loaded,
    call: HookCall,
    observer: Option<Box<dyn Observer>>,
) -> Result<CallReport, Failure> {
    let runtime = observe::runtime()?;
    let hook = call.hook;
    let interrupted = interrupt::watch(call.cancel.clone())?;
    let called = runtime.block_on(loaded.hook(call, observer));
    runtime.shutdown_background();
    if let Some(exit) = interrupted.exit() {
        let message = format!("{} was interrupted, so nothing changed", hook.export());
        return Err(Failure::new(exit, "interrupted", message));
    }
    called.ok_or_else(|| {
        let message = format!("{} is no function of the component", hook.export());
        Failure::new(Exit::Invalid, "hook", message)
    })
}

fn hook_failed(hook: Hook, phase: &Phase, called: &CallReport) -> Failure {
    let kept = match phase {
        Phase::Install => "nothing was installed".to_owned(),
        Phase::Upgrade { previous_version } => format!("version {previous_version} stays"),
    };
    let message = format!("{} failed, so {kept}", hook.export());
    because_of(Failure::new(exit(&called.ending), "hook", message), called)
}
