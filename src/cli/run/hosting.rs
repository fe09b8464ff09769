//! Starting what a capsule is made for: its run loop, or the calls of its interceptors.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::ledgers::Ledgers;
use super::reporter::Reporter;
use crate::cli::failure::Failure;
use crate::cli::invoke::{exit as exit_of, with_backtrace};
use crate::cli::load::{Place, Ready, refused};
use crate::cli::observe::Tracing;
use crate::cli::tape::{self, Recording};
use crate::cli::target::Capsule;
use crate::dispatch::{
    Admitted, Attend, Attendance, Binding, Dispatcher, DispatcherOptions, Handled, OnError, Served,
};
use crate::engine::{Code, Loaded, Pool, RunLoop, RunOptions};
use crate::host::pace::FuelSink;
use crate::host::ports::Refused;
use crate::host::record::{Both, Observer};
use crate::host::uplink::InboundQueue;
use crate::local::HostingOptions;
use crate::manifest::Manifest;
use crate::policy::budget::{AskedLimits, call_limits, resolve_run_loop_budget};
use crate::policy::fuel::Caller;
use crate::policy::restart::{RestartRules, Restarts};
use crate::principal::PrincipalId;
use crate::report::invoke::explain;
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
    pub(in crate::cli) source_id: uuid::Uuid,
    /// What arrives over its uplinks.
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

/// A loop that was started again.
pub(in crate::cli) struct Again {
    pub(in crate::cli) source_id: uuid::Uuid,
    pub(in crate::cli) inbound: InboundQueue,
    pub(in crate::cli) run: RunLoop,
}

impl Hosting<'_> {
    /// Loads and starts a capsule. Its handlers are added to `bindings` under the number `worker`,
    /// under which the dispatcher serves it.
    pub(in crate::cli) fn start(
        &self,
        dispatcher: &Dispatcher,
        capsule: Arc<Capsule>,
        worker: usize,
        bindings: &mut Vec<Binding>,
    ) -> Result<Member, Failure> {
        let ready = self.place.load(&capsule, HostingOptions::default())?;
        let name = capsule.id().to_string();
        let mode = ready.surface.mode().name();
        let wasm_hash = capsule.verified.digest().to_string();
        let code = (&ready.code).into();
        self.reporter.event(Some(&name), Event::Loaded { mode, wasm_hash, code });
        let source_id = ready.hosted.host.source_id;
        let inbound = ready.hosted.host.services.inbound.clone();
        let handlers = capsule.manifest.handlers().count();
        let role = if ready.hosted.host.bindings.len() + usize::from(has_loop(&ready)) > 0 {
            if handlers > 0 {
                self.reporter.warn(&format!(
                    "{name} has a run loop: its handlers are never called, it has to subscribe"
                ));
            }
            Role::Loop(Box::new(LiveLoop {
                run: self.start_loop(&capsule.manifest, &ready)?,
                generation: 0,
                said_ready: false,
                restarts: Restarts::new(self.restart),
                started: self.place.machine.stopwatch().monotonic(),
            }))
        } else if handlers > 0 {
            self.serve(dispatcher, worker, &capsule, &ready)?;
            bindings.extend(self.bindings(&capsule, worker));
            Role::Handlers(ready.loaded.clone())
        } else {
            self.reporter.warn(&format!("{name} has neither a run loop nor handlers"));
            Role::Idle
        };
        Ok(Member { name, capsule, code: ready.code, source_id, inbound, role })
    }

    /// Starts a member's loop again, with a host side of its own: subscriptions, processes, sockets
    /// and whatever else it had are those of the new one.
    pub(in crate::cli) fn again(&self, member: &Member) -> Result<Again, Failure> {
        let capsule = &member.capsule;
        let (code, surface) = (member.code.clone(), capsule.surface()?);
        let ready = self.place.attach(capsule, code, surface, HostingOptions::default())?;
        let run = self.start_loop(&capsule.manifest, &ready)?;
        let host = &ready.hosted.host;
        Ok(Again { source_id: host.source_id, inbound: host.services.inbound.clone(), run })
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

    /// Has the handlers of a loaded capsule called from now on, if it can be instantiated for its owner.
    pub(in crate::cli) fn serve(
        &self,
        dispatcher: &Dispatcher,
        worker: usize,
        capsule: &Capsule,
        ready: &Ready,
    ) -> Result<(), Failure> {
        let owner = PrincipalId::default();
        let made = dispatcher.serve(worker, self.served(&capsule.manifest, ready)?);
        let (Ok(Some(report)) | Err(report)) = &made else { return Ok(()) };
        self.ledgers.add_call(&owner, report);
        let name = capsule.id();
        if let Some(metrics) = self.reporter.metrics() {
            metrics.made_ahead(name.as_str(), owner.as_str(), report);
        }
        made.map(drop).map_err(|report| {
            let message = format!("{name} cannot be instantiated");
            let failure = Failure::new(exit_of(&report.ending), "instantiate", message);
            with_backtrace(explain(&report).into_iter().fold(failure, Failure::cause), &report)
        })
    }

    /// A loaded capsule as the dispatcher calls it, with everybody's own limits.
    fn served(&self, manifest: &Arc<Manifest>, ready: &Ready) -> Result<Served, Failure> {
        let (ledgers, clock) = (self.ledgers.clone(), self.place.pace().clone());
        let (hosted, is_uplink, pace) = (ready.hosted.clone(), manifest.is_uplink(), clock.clone());
        let admit = move |id: &PrincipalId| {
            let refuse = |reason: String| Refused { id: id.to_string(), reason };
            let (account, principal) = hosted.find(id)?;
            let exempt = account.is_exempt();
            let limits = call_limits(Some(account.profile()), AskedLimits::default(), exempt)
                .map_err(|error| refuse(error.to_string()))?
                .for_uplink(is_uplink, None);
            let reservation = account
                .admit(ledgers.fuel.tab(id), clock.roughly())
                .map_err(|error| refuse(error.to_string()))?;
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
            // In a simulated world time passes only while somebody has a turn.
            ahead: self.place.simulation().is_none(),
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
