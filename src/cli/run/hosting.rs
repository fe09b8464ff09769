//! Starting what a capsule is made for: its run loop, or the calls of its interceptors.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::ledgers::Ledgers;
use super::reporter::Reporter;
use crate::cli::failure::Failure;
use crate::cli::load::{Place, Ready, refused};
use crate::cli::observe::Tracing;
use crate::cli::tape::{self, Recording};
use crate::cli::target::Capsule;
use crate::component::Surface;
use crate::dispatch::{
    Admitted, Attend, Attendance, Binding, Dispatcher, DispatcherOptions, Handled, OnError, Served,
};
use crate::engine::{CallReport, Code, Loaded, Pool, RunLoop, RunOptions};
use crate::host::pace::FuelSink;
use crate::host::ports::Refused;
use crate::host::record::{Both, Observer};
use crate::host::uplink::InboundQueue;
use crate::local::{Account, HostingOptions};
use crate::manifest::Manifest;
use crate::policy::budget::{AskedLimits, CallLimits, call_limits, resolve_run_loop_budget};
use crate::policy::fuel::Caller;
use crate::policy::restart::{RestartRules, Restarts};
use crate::principal::PrincipalId;
use crate::report::run::Event;

/// What all capsules of a run have in common.
pub(in crate::cli) struct Hosting<'a> {
    pub(in crate::cli) place: &'a Place,
    pub(in crate::cli) reporter: Arc<Reporter>,
    pub(in crate::cli) runtime: &'a tokio::runtime::Handle,
    pub(in crate::cli) trace: Option<Tracing>,
    pub(in crate::cli) recording: Option<Recording>,
    /// What everybody used.
    pub(in crate::cli) ledgers: Ledgers,
    /// Handlers of a lower priority than this are guards: their failure denies.
    pub(in crate::cli) guards_below: u32,
    /// How loops that fail are started again.
    pub(in crate::cli) restart: RestartRules,
    /// Asks all loops to end.
    pub(in crate::cli) loops_end: CancellationToken,
}

/// What calls handlers, and where it tells how that went.
pub(in crate::cli) struct Calls {
    pub(in crate::cli) dispatcher: Dispatcher,
    pub(in crate::cli) handled: mpsc::UnboundedReceiver<Handled>,
    /// Ends all calls.
    pub(in crate::cli) cancel: CancellationToken,
    /// Where instances wait, if they are used again.
    pub(in crate::cli) instances: Option<Pool>,
}

impl Calls {
    pub(in crate::cli) fn start(
        place: &Place,
        runtime: &tokio::runtime::Runtime,
        instances: Option<Pool>,
    ) -> Result<Calls, Failure> {
        let cancel = CancellationToken::new();
        // Bounded by what the dispatcher lets wait.
        let (sender, handled) = mpsc::unbounded_channel();
        let dispatcher = Dispatcher::start(DispatcherOptions {
            runtime: runtime.handle().clone(),
            stopwatch: place.machine.stopwatch().clone(),
            handled: Box::new(move |handled| {
                // Whoever started it is gone when nobody takes it.
                let _ = sender.send(handled);
            }),
            cancel: cancel.clone(),
            instances: instances.clone(),
        })
        .map_err(|error| Failure::environment("cannot start a thread", &error))?;
        Ok(Calls { dispatcher, handled, cancel, instances })
    }
}

/// A capsule that takes part in a run.
pub(in crate::cli) struct Member {
    pub(in crate::cli) name: String,
    pub(in crate::cli) capsule: Arc<Capsule>,
    /// Its code, from which it is linked again when it is started again.
    pub(in crate::cli) code: Code,
    /// What arrives over its uplinks, whichever generation hands it in.
    pub(in crate::cli) inbound: InboundQueue,
    pub(in crate::cli) role: Role,
}

/// What it does there.
pub(in crate::cli) enum Role {
    /// It has a loop.
    Loop(Box<LiveLoop>),
    /// Its handlers are called.
    Handlers(Loaded),
    /// Nothing ever happens to it.
    Idle,
}

/// What a loaded capsule is going to do.
pub(in crate::cli) enum Part {
    /// Its loop runs.
    Loop,
    /// Its handlers are called.
    Handlers,
    /// It has neither.
    Nothing,
}

/// A loop, and the attempts to keep it going.
pub(in crate::cli) struct LiveLoop {
    pub(in crate::cli) run: RunLoop,
    /// Counts the loops of this member; the first is 0.
    pub(in crate::cli) generation: u64,
    pub(in crate::cli) restarts: Restarts,
    /// Whether its readiness was told.
    pub(in crate::cli) said_ready: bool,
    /// When it was started, by the machine's stopwatch.
    pub(in crate::cli) started: Duration,
}

impl Hosting<'_> {
    /// A loaded capsule as a member of the run, which does nothing yet.
    pub(in crate::cli) fn member(&self, capsule: Arc<Capsule>, ready: &Ready) -> Member {
        let name = capsule.id().to_string();
        let mode = ready.surface.mode().name();
        let wasm_hash = capsule.verified.digest().to_string();
        let code = (&ready.code).into();
        self.reporter.event(Some(&name), Event::Loaded { mode, wasm_hash, code });
        let inbound = ready.hosted.host.services.inbound.clone();
        Member { name, capsule, code: ready.code.clone(), inbound, role: Role::Idle }
    }

    /// What a capsule is going to do in the run. Says so when that is not what its author may expect.
    pub(in crate::cli) fn part(&self, capsule: &Capsule, ready: &Ready) -> Part {
        let name = capsule.id();
        let handlers = capsule.manifest.handlers().count();
        if !ready.hosted.host.bindings.is_empty() || has_loop(ready) {
            if handlers > 0 {
                self.reporter.warn(&format!(
                    "{name} has a run loop: its handlers are never called, it has to subscribe"
                ));
            }
            Part::Loop
        } else if handlers > 0 {
            Part::Handlers
        } else {
            self.reporter.warn(&format!("{name} has neither a run loop nor handlers"));
            Part::Nothing
        }
    }

    /// Starts the first loop of a member.
    pub(in crate::cli) fn start(
        &self,
        manifest: &Arc<Manifest>,
        ready: &Ready,
    ) -> Result<LiveLoop, Failure> {
        Ok(LiveLoop {
            run: self.start_loop(manifest, ready)?,
            generation: 0,
            said_ready: false,
            restarts: Restarts::new(self.restart),
            started: self.place.machine.stopwatch().monotonic(),
        })
    }

    /// Links code for a member once more, with a host side of its own: subscriptions, processes, sockets
    /// and whatever else a generation had are not those of the next one.
    pub(in crate::cli) fn attach(
        &self,
        member: &Member,
        capsule: &Capsule,
        code: Code,
        surface: Surface,
    ) -> Result<Ready, Failure> {
        let inbound = Some(member.inbound.clone());
        let options = HostingOptions { inbound, ..HostingOptions::default() };
        self.place.attach(capsule, code, surface, options)
    }

    /// The same with what a member is now.
    pub(in crate::cli) fn attach_again(&self, member: &Member) -> Result<Ready, Failure> {
        let surface = member.capsule.surface()?;
        self.attach(member, &member.capsule, member.code.clone(), surface)
    }

    /// The handlers of a capsule.
    pub(in crate::cli) fn bindings(&self, capsule: &Capsule, worker: usize) -> Vec<Binding> {
        let bind = |handler: crate::manifest::Binding<'_>| Binding {
            pattern: handler.pattern.to_owned(),
            priority: handler.priority,
            capsule: capsule.id().to_string(),
            action: handler.action.to_owned(),
            worker,
            on_error: match handler.priority < self.guards_below {
                true => OnError::Deny,
                false => OnError::Continue,
            },
        };
        capsule.manifest.handlers().map(bind).collect()
    }

    /// Starts a capsule's run loop.
    pub(in crate::cli) fn start_loop(
        &self,
        manifest: &Arc<Manifest>,
        ready: &Ready,
    ) -> Result<RunLoop, Failure> {
        let owner = PrincipalId::default();
        let account = self.place.account(&owner)?;
        let budget =
            resolve_run_loop_budget(Some(account.profile()), Some(account.groups()), &owner, true);
        let reporter = Arc::clone(&self.reporter);
        let capsule = manifest.id().to_string();
        let track = self.recording.as_ref().map(|it| it.run_loop(manifest, &budget));
        let recorder = track.as_ref().and_then(tape::Track::observer);
        let options = RunOptions {
            owner: ready.hosted.belongings(&owner).map_err(|error| refused(&error))?,
            budget,
            observer: Both::of(self.observer(manifest)(), recorder),
            window_ended: Some(Arc::new(move |windows, without_progress| {
                reporter.event(Some(&capsule), Event::Window { windows, without_progress });
            })),
            fuel_used: Some(self.loop_fuel(owner)),
            runtime: self.runtime.clone(),
            cancel: self.loops_end.child_token(),
            seat: self.place.simulation().and_then(|it| it.machine.clock().seat()),
        };
        let started = ready.loaded.start(options).expect("a loop was found in the binary");
        let started =
            started.map_err(|error| Failure::environment("cannot start a thread", &error))?;
        if let (Some(recording), Some(track)) = (&self.recording, track) {
            recording.ends_with(track, started.ended());
        }
        Ok(started)
    }

    /// Charges a loop's owner, by the profile that it has at that moment. One who may not act any more
    /// makes no calls that could be denied.
    fn loop_fuel(&self, owner: PrincipalId) -> FuelSink {
        let ledgers = self.ledgers.clone();
        let (accounts, clock) = (self.place.machine.accounts(), self.place.pace().clone());
        Arc::new(move |fuel| {
            let account = accounts.find(&owner).ok();
            let profile = account.as_ref().map(|account| account.profile());
            let groups = account.as_ref().map(|account| account.groups());
            let owner = Caller { profile, groups, id: &owner };
            ledgers.fuel.charge(owner, fuel, clock.roughly());
        })
    }

    /// Whether handlers are tried out before they are called. In a simulated world time passes only while
    /// somebody has a turn, and a recording holds every call.
    pub(in crate::cli) fn tries_out(&self) -> bool {
        self.place.simulation().is_none() && self.recording.is_none()
    }

    /// What an instance may use that is made for the owner before anybody calls.
    pub(in crate::cli) fn owners_limits(
        &self,
        ready: &Ready,
        is_uplink: bool,
    ) -> Result<CallLimits, Failure> {
        let owner = PrincipalId::default();
        let limits =
            ready.hosted.find(&owner).and_then(|(account, _)| limits(&account, &owner, is_uplink));
        limits.map_err(|error| refused(&error))
    }

    /// Puts on the owner's tab what an instance took that was made before anybody called. It does not count
    /// against the rate: whoever loads a capsule asked for it, and the calls that come are not to be refused
    /// for it.
    pub(in crate::cli) fn count_trial(&self, owner: &PrincipalId, report: &CallReport) {
        let now = self.place.pace().roughly();
        self.ledgers.fuel.tab(owner).charge(report.fuel.instantiate, 0, now);
        self.ledgers.add_call(owner, report);
    }

    /// A loaded capsule as the dispatcher calls it, with everybody's own limits.
    pub(in crate::cli) fn served(
        &self,
        manifest: &Arc<Manifest>,
        ready: &Ready,
    ) -> Result<Served, Failure> {
        let (ledgers, clock) = (self.ledgers.clone(), self.place.pace().clone());
        let (hosted, is_uplink, pace) = (ready.hosted.clone(), manifest.is_uplink(), clock.clone());
        let admit = move |id: &PrincipalId| {
            let (account, principal) = hosted.find(id)?;
            let limits = limits(&account, id, is_uplink)?;
            let reservation = account
                .admit(ledgers.fuel.tab(id), clock.roughly())
                .map_err(|error| Refused { id: id.to_string(), reason: error.to_string() })?;
            Ok(Admitted { principal, limits, reservation })
        };
        let owner = ready.hosted.belongings(&PrincipalId::default());
        Ok(Served {
            loaded: ready.loaded.clone(),
            owner: owner.map_err(|error| refused(&error))?,
            admit: Box::new(admit),
            pace,
            observer: Box::new(self.observer(manifest)),
            attend: self.recording.clone().map(|recording| attend(recording, manifest)),
        })
    }

    /// Makes observers of instances: a trace when one was asked for.
    fn observer(
        &self,
        manifest: &Arc<Manifest>,
    ) -> impl Fn() -> Option<Box<dyn Observer>> + Send + Sync + use<> {
        let tracing = self.trace.clone();
        let manifest = Arc::clone(manifest);
        move || Some(tracing.as_ref()?.watch(&manifest, manifest.id().as_str()))
    }
}

/// What a call for `id` may use, by what its profile says now.
fn limits(account: &Account, id: &PrincipalId, is_uplink: bool) -> Result<CallLimits, Refused> {
    let asked = AskedLimits::default();
    let limits = call_limits(Some(account.profile()), asked, account.is_exempt());
    let refuse = |reason: String| Refused { id: id.to_string(), reason };
    Ok(limits.map_err(|error| refuse(error.to_string()))?.for_uplink(is_uplink, None))
}

/// Records each call of a handler.
fn attend(recording: Recording, manifest: &Arc<Manifest>) -> Attend {
    let manifest = Arc::clone(manifest);
    Box::new(move |call| {
        let track = recording.call(&manifest, call);
        Attendance { observer: track.observer(), ended: Box::new(move |report| track.end(report)) }
    })
}

/// Whether the capsule has a run loop.
pub(in crate::cli) fn has_loop(ready: &Ready) -> bool {
    crate::component::has_run_loop(&ready.surface)
}
