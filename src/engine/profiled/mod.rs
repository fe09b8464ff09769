//! Exact fuel of every function and every path of calls.
//!
//! A profile takes two runs of the same call: a plain one, and one of a copy of the binary whose
//! functions tell when they begin and end ([`note`] says how). What telling costs is known, so it is
//! taken off, and what is left is the fuel of the plain run, function by function. That it is, is
//! checked: a profile whose sum is not what the plain run used is an error, not a profile.
//!
//! The copy is compiled by an engine of its own, is kept nowhere, and runs nowhere else.

mod instrument;
mod module;
mod names;
mod note;
mod recorder;
mod tree;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use wasmtime::StoreContextMut;
use wasmtime::component::Component;

use super::code::{Code, LinkError, LoadError};
use super::outcome::{CallReport, Ending};
use super::store::FUEL_NOTED;
use super::{Call, Engine, EngineError, Flavour, Flavoured, Loaded, config};
use crate::component::{Digest, Verified};
use crate::host::record::{CallRecord, Observer};
use crate::host::{CapsuleHost, HostState};
use crate::limits::CALL_FUEL;
use names::Names;
use note::{NOTE_FUEL, Note};
use recorder::Recorder;

pub use instrument::InstrumentError;
pub use recorder::{Inconsistent, Phase};
pub use tree::{FuelProfile, FunctionFuel, FunctionKind, PathFuel};

/// How much longer than the plain run an instrumented one may take.
const PATIENCE: u32 = 20;
/// Fuel beyond what a run could need, so that no rounding matters.
const SPARE_FUEL: u64 = 1_000_000;
/// At most this much fuel for notes for each unit of the guest's own: a function that does nothing
/// uses one, and makes two.
const NOTES_PER_FUEL: u64 = 2;

/// Why there is no profile.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The engine is not available.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The binary cannot be instrumented.
    #[error(transparent)]
    Instrument(#[from] InstrumentError),
    /// The instrumented binary does not compile, as when it comes out too large.
    #[error("the instrumented binary does not compile")]
    Compile(#[source] LoadError),
    /// It does not link.
    #[error("the instrumented binary does not link")]
    Link(#[source] LinkError),
    /// What was measured is not what the plain run did.
    #[error(transparent)]
    Inexact(#[from] Inexact),
}

/// In what a profile does not match the plain run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Inexact {
    /// Another sum.
    #[error("{} used {plain} fuel in the plain run and {profiled} in the profiled one", .phase.name())]
    Sum {
        /// In which part.
        phase: Phase,
        /// Fuel of the plain run.
        plain: u64,
        /// Fuel of the profiled run, without what profiling cost.
        profiled: u64,
    },
    /// Another answer, or another end.
    #[error("the profiled run did not end like the plain one")]
    Ending,
    /// Other host calls.
    #[error("the profiled run made other host calls than the plain one")]
    HostCalls,
    /// The end of the call depends on the clock.
    #[error("the call was ended by the clock or from outside, so no second run is the same")]
    Clock,
    /// Functions did not begin and end as functions do.
    #[error(transparent)]
    Account(#[from] Inconsistent),
}

/// What an attempt at a profile came to.
pub enum Attempt {
    /// A profile.
    Done(Box<FuelProfile>),
    /// The guest ran out of fuel because of its notes; the next attempt gives it more.
    Again,
}

/// Instrumented code of one binary.
pub struct Profiled {
    component: Component,
    flavoured: Flavoured,
    flavour: Flavour,
    digest: Digest,
    names: Names,
}

impl Engine {
    /// Instruments and compiles a copy of `verified`. Nothing of it is kept.
    pub fn instrument(
        &self,
        verified: &Verified,
        flavour: Flavour,
    ) -> Result<Profiled, ProfileError> {
        let lasting = verified.lasting();
        let lasting = lasting.map_err(|error| ProfileError::Compile(LoadError::Changed(error)))?;
        let instrumented = instrument::instrument(lasting.bytes())?;
        let ticker = self.ticker()?;
        // Notes move the epoch of their engine; no other guest may share it.
        let engine = wasmtime::Engine::new(&config::instrumented(flavour));
        let engine = engine.map_err(EngineError::Wasmtime)?;
        ticker.add(&engine);
        let component = Component::from_binary(&engine, &instrumented.bytes)
            .map_err(|error| ProfileError::Compile(LoadError::Invalid(error)))?;
        let flavoured = Flavoured { engine, ticks: ticker.ticks(), _ticker: Arc::clone(ticker) };
        let (digest, names) = (verified.digest(), instrumented.names);
        Ok(Profiled { component, flavoured, flavour, digest, names })
    }
}

impl Profiled {
    /// Makes `call` again, whose plain run came to `plain`, in an instance of its own.
    ///
    /// The host side has to be as fresh as it was for the plain run. `attempt` counts from 0; after
    /// [`Attempt::Again`] the next one needs a fresh host side too.
    pub async fn run(
        &self,
        capsule: Arc<CapsuleHost>,
        call: Call<'_>,
        plain: &CallReport,
        attempt: u32,
    ) -> Result<Attempt, ProfileError> {
        if matches!(plain.ending, Ending::Deadline { .. } | Ending::Cancelled) {
            return Err(Inexact::Clock.into());
        }
        let room = Room::of(plain, call.limits.fuel, attempt);
        let given = room.instantiate.0;
        let probe = Probe { recorder: Arc::default(), modules: Arc::default(), given };
        let code = Code::instrumented(
            self.component.clone(),
            self.flavoured.clone(),
            self.digest,
            probe.clone(),
            self.flavour,
        );
        let loaded = code.link(capsule).map_err(ProfileError::Link)?;
        let mut measured = probe.measure(&loaded, call, room).await;
        if measured.is_short(plain) {
            return Ok(Attempt::Again);
        }
        let mut heard = probe.recorder().take().map_err(Inexact::Account)?;
        // Setting up a module with data costs one unit less when all of its memories come with their
        // contents, which the memory for notes does not.
        let modules = probe.modules.load(Ordering::Relaxed);
        let more = measured.instantiate.saturating_sub(plain.fuel.instantiate).min(modules);
        measured.instantiate -= heard.set_up_for_less(more);
        measured.check(plain)?;
        Ok(Attempt::Done(Box::new(FuelProfile::new(heard, &self.names, measured))))
    }
}

/// Fuel that each part of a run is given, and where it is to be stopped.
#[derive(Clone, Copy)]
struct Room {
    instantiate: (u64, Option<u64>),
    call: (u64, Option<u64>),
}

impl Room {
    fn of(plain: &CallReport, budget: u64, attempt: u32) -> Room {
        let exhausted = matches!(plain.ending, Ending::OutOfFuel { .. });
        let made = !plain.fuel.lower_bound || plain.fuel.call > 0;
        let part = |used: u64, budget: u64, exhausted: bool| match exhausted {
            false => (with_notes(used.saturating_add(FUEL_NOTED)), None),
            // A loop that makes no notes runs until there is no fuel, so it is not given much more
            // than it needs.
            true => {
                let more = (budget / 4).saturating_add(SPARE_FUEL);
                let more = more.saturating_mul(4_u64.saturating_pow(attempt));
                (budget.saturating_add(more).min(with_notes(budget)), Some(budget))
            }
        };
        Room {
            instantiate: part(plain.fuel.instantiate, CALL_FUEL, exhausted && !made),
            call: part(plain.fuel.call, budget, exhausted && made),
        }
    }
}

fn with_notes(fuel: u64) -> u64 {
    fuel.saturating_mul(1 + NOTES_PER_FUEL * NOTE_FUEL).saturating_add(SPARE_FUEL)
}

/// Hears an instrumented guest. Clones are the same one.
#[derive(Clone)]
pub(super) struct Probe {
    recorder: Arc<Mutex<Recorder>>,
    /// Instrumented modules that were instantiated.
    modules: Arc<AtomicU64>,
    given: u64,
}

impl Probe {
    /// Fuel for making the instance.
    pub(super) fn given(&self) -> u64 {
        self.given
    }

    pub(super) fn listen(&self, state: &mut HostState, engine: &wasmtime::Engine) {
        state.meter.listen(engine, Arc::clone(&self.modules));
    }

    /// Called when the engine looks at its epoch, which it does after each note and at each tick.
    pub(super) fn hear(&self, store: &mut StoreContextMut<'_, HostState>) -> wasmtime::Result<()> {
        let note = store.data_mut().meter.take_note().and_then(Note::read);
        let Some(note) = note else { return Ok(()) };
        let left = store.get_fuel()?;
        self.recorder().hear(note, left).map_err(|_| wasmtime::Trap::OutOfFuel.into())
    }

    fn recorder(&self) -> MutexGuard<'_, Recorder> {
        self.recorder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn measure(&self, loaded: &Loaded, call: Call<'_>, room: Room) -> Measured {
        let timeout = call.limits.timeout.saturating_mul(PATIENCE);
        let mut call = call;
        (call.limits.timeout, call.limits.fuel) = (timeout, room.call.0);
        let bounds = loaded.bounds(&call);
        let observer: Box<dyn Observer> = Box::new(self.clone());
        self.recorder().begin(Phase::Instantiate, room.instantiate.0, room.instantiate.1);
        let made = loaded.instance_within(&call, bounds, Some(observer)).await;
        let (mut instance, cost) = match made {
            Ok(made) => made,
            Err(report) => {
                let instantiate = self.finish(&report.ending, report.fuel.instantiate, false);
                return Measured { instantiate, call: None, report: *report };
            }
        };
        let instantiate = self.finish(&Ending::Returned, cost.fuel, true);
        self.recorder().begin(Phase::Call, room.call.0, room.call.1);
        let report = instance.call_within(&call, bounds, Instant::now()).await;
        let returned = matches!(report.ending, Ending::Verdict(_));
        let call = self.finish(&report.ending, report.fuel.call, returned);
        Measured { instantiate, call: Some(call), report }
    }

    /// Ends a part of a run that used `used` fuel, and gives what of that was the guest's own.
    fn finish(&self, ending: &Ending, used: u64, returned: bool) -> u64 {
        let mut recorder = self.recorder();
        let own = used.saturating_sub(recorder.notes().saturating_mul(NOTE_FUEL));
        // Whether it was a note that had no stack left is not known, and that would be charged.
        let own = if is_stack_overflow(ending) { recorder.last() } else { own };
        recorder.finish(own, returned);
        recorder.last()
    }
}

impl Observer for Probe {
    fn observe(&mut self, record: &CallRecord<'_>) {
        self.recorder().host_call(record.function(), record.call.fuel_left);
    }
}

fn is_stack_overflow(ending: &Ending) -> bool {
    matches!(ending, Ending::Trap(trap) if trap.code == "stack-overflow")
}

/// What an instrumented run came to, without what its notes cost.
struct Measured {
    instantiate: u64,
    /// Missing when no instance was made.
    call: Option<u64>,
    report: CallReport,
}

impl Measured {
    /// Whether the notes have used up what the guest needed.
    fn is_short(&self, plain: &CallReport) -> bool {
        let (used, needed) = match self.call {
            Some(call) => (call, plain.fuel.call),
            None => (self.instantiate, plain.fuel.instantiate),
        };
        matches!(self.report.ending, Ending::OutOfFuel { .. })
            && matches!(plain.ending, Ending::OutOfFuel { .. })
            && used < needed
    }

    fn check(&self, plain: &CallReport) -> Result<(), Inexact> {
        if !same_ending(&plain.ending, &self.report.ending) {
            return Err(Inexact::Ending);
        }
        let parts = [
            (Phase::Instantiate, plain.fuel.instantiate, Some(self.instantiate)),
            (Phase::Call, plain.fuel.call, self.call),
        ];
        let mut parts =
            parts.into_iter().filter_map(|(phase, plain, own)| Some((phase, plain, own?)));
        let last = if self.call.is_some() { Phase::Call } else { Phase::Instantiate };
        parts.try_for_each(|(phase, plain_fuel, profiled)| {
            // After a trap the plain run has written down less than it used, and maybe less than
            // a run that writes down more often.
            let least = phase == last && plain.fuel.lower_bound;
            let fits = match least {
                true => profiled >= plain_fuel || is_stack_overflow(&plain.ending),
                false => profiled == plain_fuel,
            };
            let mismatch = Inexact::Sum { phase, plain: plain_fuel, profiled };
            if fits { Ok(()) } else { Err(mismatch) }
        })?;
        let exhausted = matches!(plain.ending, Ending::OutOfFuel { .. });
        // One that is stopped in the middle may be stopped before a last host call or after it.
        if exhausted || plain.host_calls == self.report.host_calls {
            return Ok(());
        }
        Err(Inexact::HostCalls)
    }
}

fn same_ending(plain: &Ending, profiled: &Ending) -> bool {
    match (plain, profiled) {
        // Where in the binary it was, and how much fuel it had, differs.
        (Ending::Trap(plain), Ending::Trap(profiled)) => {
            (&plain.code, &plain.message) == (&profiled.code, &profiled.message)
        }
        (Ending::OutOfFuel { .. }, Ending::OutOfFuel { .. }) => true,
        (plain, profiled) => plain == profiled,
    }
}
