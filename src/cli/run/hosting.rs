//! Starting what a capsule is made for: its run loop, or a worker that calls its interceptors.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::reporter::Reporter;
use crate::cli::failure::Failure;
use crate::cli::load::{Place, Ready, refused};
use crate::cli::observe::Tracing;
use crate::cli::target::Capsule;
use crate::dispatch::{Admitted, Binding, Handled, Worker, WorkerOptions};
use crate::engine::{RunLoop, RunOptions};
use crate::host::ports::Refused;
use crate::host::record::Observer;
use crate::local::HostingOptions;
use crate::manifest::Manifest;
use crate::policy::budget::{AskedLimits, call_limits, resolve_run_loop_budget};
use crate::policy::rate::{Caller, RateLimiter};
use crate::principal::PrincipalId;
use crate::report::run::Event;

/// What all capsules of a run have in common.
pub(super) struct Hosting<'a> {
    pub(super) place: &'a Place,
    pub(super) reporter: &'a Arc<Reporter>,
    pub(super) runtime: &'a tokio::runtime::Handle,
    pub(super) trace: Option<Tracing>,
    /// Processor time of the principals, over all capsules.
    pub(super) rate: RateLimiter,
}

/// A capsule that takes part in a run.
pub(super) struct Member {
    pub(super) name: String,
    pub(super) source_id: uuid::Uuid,
    pub(super) role: Role,
}

/// What it does there.
pub(super) enum Role {
    /// It has a loop.
    Loop(RunLoop),
    /// Its handlers are called.
    Handlers(Worker),
    /// Nothing ever happens to it.
    Idle,
}

impl Hosting<'_> {
    /// Loads and starts a capsule. Its handlers are added to `bindings` under the number `worker`.
    pub(super) fn start(
        &self,
        capsule: &Capsule,
        worker: usize,
        bindings: &mut Vec<Binding>,
        cancel: &CancellationToken,
        handled: impl Fn(Handled) + Send + 'static,
    ) -> Result<Member, Failure> {
        let ready = self.place.load(capsule, HostingOptions::default())?;
        let name = capsule.id().to_string();
        let mode = ready.surface.mode().name();
        let wasm_hash = capsule.verified.digest().to_string();
        let cache = ready.code.as_str();
        self.reporter.event(Some(&name), Event::Loaded { mode, wasm_hash, cache });
        let source_id = ready.hosted.host.source_id;
        let handlers = capsule.manifest.handlers().count();
        let role = if ready.hosted.host.bindings.len() + usize::from(has_loop(&ready)) > 0 {
            if handlers > 0 {
                self.reporter.warn(&format!(
                    "{name} has a run loop: its handlers are never called, it has to subscribe"
                ));
            }
            Role::Loop(self.start_loop(&capsule.manifest, &ready)?)
        } else if handlers > 0 {
            for handler in capsule.manifest.handlers() {
                bindings.push(Binding {
                    pattern: handler.pattern.to_owned(),
                    priority: handler.priority,
                    capsule: name.clone(),
                    action: handler.action.to_owned(),
                    worker,
                });
            }
            Role::Handlers(self.start_worker(&capsule.manifest, &ready, cancel, handled)?)
        } else {
            self.reporter.warn(&format!("{name} has neither a run loop nor handlers"));
            Role::Idle
        };
        Ok(Member { name, source_id, role })
    }

    fn start_loop(&self, manifest: &Arc<Manifest>, ready: &Ready) -> Result<RunLoop, Failure> {
        let owner = PrincipalId::default();
        let account = self.place.account(&owner)?;
        let budget =
            resolve_run_loop_budget(Some(&account.profile), Some(&account.groups), &owner, true);
        let reporter = Arc::clone(self.reporter);
        let capsule = manifest.id().to_string();
        let options = RunOptions {
            owner: ready.hosted.belongings(&owner).map_err(|error| refused(&error))?,
            budget,
            observer: self.observer(manifest)(),
            window_ended: Some(Arc::new(move |windows, without_progress| {
                reporter.event(Some(&capsule), Event::Window { windows, without_progress });
            })),
            runtime: self.runtime.clone(),
        };
        let started = ready.loaded.start(options).expect("a loop was found in the binary");
        started.map_err(|error| Failure::environment("cannot start a thread", &error))
    }

    fn start_worker(
        &self,
        manifest: &Arc<Manifest>,
        ready: &Ready,
        cancel: &CancellationToken,
        handled: impl Fn(Handled) + Send + 'static,
    ) -> Result<Worker, Failure> {
        let accounts = self.place.machine.accounts();
        let (rate, clock) = (self.rate.clone(), self.place.machine.stopwatch().clone());
        let admit = move |id: &PrincipalId| {
            let refuse = |reason: String| Refused { id: id.to_string(), reason };
            let account = accounts.find(id).map_err(|error| refuse(error.to_string()))?;
            let exempt = account.is_exempt();
            let limits = call_limits(Some(&account.profile), AskedLimits::default(), exempt)
                .map_err(|error| refuse(error.to_string()))?;
            let (profile, groups) = (Some(&account.profile), Some(&account.groups));
            let reservation = rate
                .admit(Caller { profile, groups, id }, clock.monotonic())
                .map_err(|error| refuse(error.to_string()))?;
            Ok(Admitted { limits, reservation })
        };
        let owner = PrincipalId::default();
        Worker::start(WorkerOptions {
            loaded: ready.loaded.clone(),
            owner: ready.hosted.belongings(&owner).map_err(|error| refused(&error))?,
            admit: Box::new(admit),
            observer: Box::new(self.observer(manifest)),
            handled: Box::new(handled),
            runtime: self.runtime.clone(),
            cancel: cancel.clone(),
        })
        .map_err(|error| Failure::environment("cannot start a thread", &error))
    }

    /// Makes observers of instances: a trace when one was asked for.
    fn observer(
        &self,
        manifest: &Arc<Manifest>,
    ) -> impl Fn() -> Option<Box<dyn Observer>> + Send + use<> {
        let tracing = self.trace.clone();
        let manifest = Arc::clone(manifest);
        move || Some(tracing.as_ref()?.watch(&manifest, manifest.id().as_str()))
    }
}

fn has_loop(ready: &Ready) -> bool {
    crate::component::has_run_loop(&ready.surface)
}
