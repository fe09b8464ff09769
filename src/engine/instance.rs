//! A live instance, and calls of its interceptor.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use wasmtime::Store;
use wasmtime::component::{ComponentType, Lift, TypedFunc};

use super::Loaded;
use super::code::Linked;
use super::outcome::{CallReport, Ending, FuelUse, HostCalls, MemoryUse, Times, classify};
use super::profiled::Probe;
use super::store::{deadline, new_store};
use crate::bus::Message;
use crate::host::HostState;
use crate::host::boundary::Boundary;
use crate::host::meter::Meter;
use crate::host::pace::Pace;
use crate::host::ports::Belongings;
use crate::host::record::Observer;
use crate::host::scope::{CallScope, Phase};
use crate::limits::{CALL_FUEL, EPOCH_TICK, MEMORY_BYTES};
use crate::policy::budget::CallLimits;
use crate::policy::verdict::{Verdict, is_known_action};

/// What an interceptor answers; the names and order of the fields are part of the ABI.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(super) struct CapsuleResult {
    action: String,
    data: Option<String>,
}

/// The type of `astrid-hook-trigger`, with borrowed arguments.
type HookFunc = TypedFunc<(&'static str, &'static [u8]), (CapsuleResult,)>;

/// One call of an interceptor.
pub struct Call<'a> {
    /// The action.
    pub action: &'a str,
    /// The payload.
    pub payload: &'a [u8],
    /// On whose behalf. Lent, as the owner is: to count handles that threads share is what makes them
    /// wait for each other.
    pub principal: &'a Arc<Belongings>,
    /// The capsule's owner.
    pub owner: &'a Arc<Belongings>,
    /// The message that is being served.
    pub caller: Option<Arc<Message>>,
    /// What the call may use.
    pub limits: CallLimits,
    /// Ends the call from outside. Calls that one place makes may share a token.
    pub cancel: Arc<CancellationToken>,
}

impl Call<'_> {
    fn scope(&self, bounds: Bounds) -> CallScope {
        CallScope {
            phase: Phase::Interceptor,
            principal: Arc::clone(self.principal),
            owner: Arc::clone(self.owner),
            caller: self.caller.clone(),
            cancel: Arc::clone(&self.cancel),
            deadline: bounds.deadline,
            asked_to_end: None,
            vain_waits: 0,
        }
    }

    /// Puts the call into the scope of an instance that has served one before, of which nothing stays.
    fn renew(&self, scope: &mut CallScope, bounds: Bounds) {
        let CallScope {
            phase,
            principal,
            owner,
            caller,
            cancel,
            deadline,
            asked_to_end,
            vain_waits,
        } = scope;
        *phase = Phase::Interceptor;
        replace(principal, self.principal);
        replace(owner, self.owner);
        replace(cancel, &self.cancel);
        caller.clone_from(&self.caller);
        *deadline = bounds.deadline;
        *asked_to_end = None;
        *vain_waits = 0;
    }
}

/// Keeps a handle that is already the right one.
fn replace<T>(had: &mut Arc<T>, has: &Arc<T>) {
    if !Arc::ptr_eq(had, has) {
        *had = Arc::clone(has);
    }
}

/// When a call ends at the latest, for code that computes and for calls that wait. Making the
/// instance that a call runs in counts towards it.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    pub(super) began: Instant,
    ends: u64,
    limit: Duration,
    pub(super) deadline: Option<(tokio::time::Instant, Duration)>,
}

impl Bounds {
    fn from_now(linked: &Linked, limit: Duration) -> Bounds {
        let began = Instant::now();
        let ends = Pace::last_tick(linked.flavoured.ticks.now(), limit, EPOCH_TICK);
        Bounds { began, ends, limit, deadline: deadline(began, limit) }
    }

    fn pace(self) -> Pace {
        Pace::Call { ends: self.ends, limit: self.limit }
    }
}

/// An instance of a capsule.
///
/// It serves one principal, and it is spent as soon as a call does not return normally: nothing
/// may enter a component again after a trap.
pub struct Instance {
    linked: Arc<Linked>,
    store: Store<HostState>,
    hook: Option<HookFunc>,
    spent: bool,
}

/// A store with an instance in it.
pub(super) struct Made {
    /// What the instance was made from.
    pub(super) linked: Arc<Linked>,
    pub(super) store: Store<HostState>,
    pub(super) instance: wasmtime::component::Instance,
    pub(super) cost: Cost,
}

/// What making an instance took.
#[derive(Clone, Copy)]
pub(super) struct Cost {
    pub(super) fuel: u64,
    pub(super) time: Duration,
    /// When it was made.
    pub(super) at: Instant,
}

impl Cost {
    pub(super) fn add_to(self, report: &mut CallReport) {
        report.fuel.instantiate = self.fuel;
        report.times.instantiate = self.time;
    }
}

impl Linked {
    /// What making an instance for calls may use.
    fn instance_fuel(&self) -> u64 {
        self.probe.as_ref().map_or(CALL_FUEL, Probe::given)
    }

    /// Makes an instance, within the limits that its scope and meter bring: in a slot where the
    /// engine keeps slots, one is free and the guest cannot outgrow it, and else on demand.
    pub(super) async fn make(
        self: &Arc<Self>,
        scope: CallScope,
        meter: Meter,
        pace: Pace,
        observer: Option<Box<dyn Observer>>,
        fuel: u64,
    ) -> Result<Made, Box<CallReport>> {
        let ceiling = meter.ceiling_bytes();
        let roomy = if ceiling > MEMORY_BYTES { self.beyond_slots().await } else { None };
        let roomy = roomy.as_ref().unwrap_or(self);
        let failed = match roomy.try_make(scope, meter, pace, observer, fuel).await {
            Ok(made) => return Ok(made),
            Err(failed) => failed,
        };
        let Some(state) = failed.retry else { return Err(failed.report) };
        let Some(beyond) = self.beyond_slots().await else { return Err(failed.report) };
        let HostState { scope, pace, boundary, .. } = *state;
        let (meter, observer) = (Meter::new(ceiling), boundary.into_observer());
        let made = beyond.try_make(scope, meter, pace, observer, fuel).await;
        made.map_err(|failed| failed.report)
    }

    async fn try_make(
        self: &Arc<Self>,
        scope: CallScope,
        meter: Meter,
        pace: Pace,
        observer: Option<Box<dyn Observer>>,
        fuel: u64,
    ) -> Result<Made, Unmade> {
        let boundary = Boundary::new(Arc::clone(&self.functions), observer);
        let capsule = Arc::clone(&self.capsule);
        let state = HostState::new(capsule, scope, boundary, meter, pace);
        let started = Instant::now();
        let mut store = new_store(&self.flavoured, state, fuel, self.probe.as_ref())
            .map_err(|error| Unmade::for_good(CallReport::without_store(&error)))?;
        store.data_mut().boundary.entered(fuel);
        match self.pre.instantiate_async(&mut store).await {
            Ok(instance) => {
                store.data_mut().meter.end_call();
                let fuel = fuel.saturating_sub(store.get_fuel().unwrap_or(0));
                let (linked, at) = (Arc::clone(self), Instant::now());
                let cost = Cost { fuel, time: at - started, at };
                Ok(Made { linked, store, instance, cost })
            }
            Err(error) => {
                store.data_mut().meter.end_call();
                let ending = classify(&error, store.data(), fuel, true);
                let used = fuel.saturating_sub(store.get_fuel().unwrap_or(0));
                let fuel = FuelUse { call: 0, instantiate: used, budget: fuel, lower_bound: true };
                let times = Times { instantiate: started.elapsed(), ..Times::default() };
                let report = Box::new(CallReport::of(&store, ending, fuel, times));
                // Whatever a guest did to others while it was being made must not be done twice.
                let fresh = store.data().boundary.last_call().is_none();
                let full = fresh && error.is::<wasmtime::PoolConcurrencyLimitError>();
                let retry = (full && self.keeps_slots()).then(|| Box::new(store.into_data()));
                Err(Unmade { report, retry })
            }
        }
    }
}

/// An instance that was not made.
struct Unmade {
    report: Box<CallReport>,
    /// When all that was missing is a slot: the untouched state.
    retry: Option<Box<HostState>>,
}

impl Unmade {
    fn for_good(report: CallReport) -> Unmade {
        Unmade { report: Box::new(report), retry: None }
    }
}

impl CallReport {
    pub(super) fn of(
        store: &Store<HostState>,
        ending: Ending,
        fuel: FuelUse,
        times: Times,
    ) -> CallReport {
        let HostState { boundary, meter, traffic, .. } = store.data();
        let host_calls = boundary.counts();
        CallReport {
            ending,
            unknown_action: None,
            fuel,
            memory: MemoryUse {
                peak_bytes: meter.peak_bytes(),
                ceiling_bytes: meter.ceiling_bytes(),
                grow_denied: meter.refused(),
            },
            times,
            host_calls: host_calls
                .into_iter()
                .map(|(function, count)| HostCalls { function, count })
                .collect(),
            denials: boundary.denials(),
            last_host_call: boundary.last_call().copied(),
            received: traffic.received,
            dropped: traffic.dropped,
        }
    }

    pub(super) fn without_store(error: &wasmtime::Error) -> CallReport {
        let trap = super::Trap {
            code: "host".to_owned(),
            message: format!("no store: {error:#}"),
            backtrace: Vec::new(),
        };
        CallReport::without_instance(Ending::Trap(trap), 0)
    }

    /// Of a call that was over before there was an instance for it.
    pub(super) fn without_instance(ending: Ending, budget: u64) -> CallReport {
        CallReport {
            ending,
            unknown_action: None,
            fuel: FuelUse { budget, ..FuelUse::default() },
            memory: MemoryUse::default(),
            times: Times::default(),
            host_calls: Vec::new(),
            denials: 0,
            last_host_call: None,
            received: 0,
            dropped: 0,
        }
    }
}

impl Loaded {
    /// Calls the interceptor in an instance of its own.
    pub async fn invoke(&self, call: Call<'_>, observer: Option<Box<dyn Observer>>) -> CallReport {
        let bounds = self.bounds(&call);
        match self.instance_within(&call, bounds, observer).await {
            Ok((mut instance, cost)) => {
                let mut report = instance.call_within(&call, bounds, cost.at).await;
                cost.add_to(&mut report);
                report
            }
            Err(report) => *report,
        }
    }

    /// When a call that begins now ends.
    pub(super) fn bounds(&self, call: &Call<'_>) -> Bounds {
        Bounds::from_now(&self.0, call.limits.timeout)
    }

    /// Makes an instance for calls like `call`. The report tells what that took.
    pub async fn instance(
        &self,
        call: &Call<'_>,
        observer: Option<Box<dyn Observer>>,
    ) -> Result<(Instance, CallReport), Box<CallReport>> {
        self.instance_until(call, self.bounds(call), observer).await
    }

    pub(super) async fn instance_until(
        &self,
        call: &Call<'_>,
        bounds: Bounds,
        observer: Option<Box<dyn Observer>>,
    ) -> Result<(Instance, CallReport), Box<CallReport>> {
        let (instance, cost) = self.instance_within(call, bounds, observer).await?;
        let fuel = FuelUse { budget: self.0.instance_fuel(), ..FuelUse::default() };
        let mut report = CallReport::of(&instance.store, Ending::Returned, fuel, Times::default());
        cost.add_to(&mut report);
        Ok((instance, report))
    }

    pub(super) async fn instance_within(
        &self,
        call: &Call<'_>,
        bounds: Bounds,
        observer: Option<Box<dyn Observer>>,
    ) -> Result<(Instance, Cost), Box<CallReport>> {
        let meter = Meter::new(call.limits.memory_bytes);
        let scope = call.scope(bounds);
        let budget = self.0.instance_fuel();
        let made = self.0.make(scope, meter, bounds.pace(), observer, budget).await?;
        let Made { linked, mut store, instance, cost } = made;
        let hook = linked.hook.as_ref().map(|index| instance.get_typed_func(&mut store, index));
        let hook = match hook.transpose() {
            Ok(hook) => hook,
            Err(error) => {
                let ending = classify(&error, store.data(), budget, true);
                let fuel = FuelUse { budget, ..FuelUse::default() };
                let mut report = CallReport::of(&store, ending, fuel, Times::default());
                cost.add_to(&mut report);
                return Err(Box::new(report));
            }
        };
        Ok((Instance { linked, store, hook, spent: false }, cost))
    }
}

impl Instance {
    /// Whether nothing can be called on it any more.
    pub fn is_spent(&self) -> bool {
        self.spent
    }

    /// Whether nothing of one call is left for the next one to trip over: subscriptions, open files,
    /// connections.
    pub(super) fn holds_nothing(&self) -> bool {
        self.store.data().table.is_empty()
    }

    /// The memory that it may use, in bytes; it stays what it was when it was made.
    pub(super) fn memory_ceiling(&self) -> u64 {
        self.store.data().meter.ceiling_bytes()
    }

    /// Whether the capsule exports `astrid-hook-trigger` at all.
    pub fn has_hook(&self) -> bool {
        self.hook.is_some()
    }

    /// Calls the interceptor. The caller sees to it that an instance serves one principal only.
    pub async fn call(&mut self, call: Call<'_>) -> CallReport {
        let bounds = Bounds::from_now(&self.linked, call.limits.timeout);
        self.call_within(&call, bounds, bounds.began).await
    }

    /// A call whose time in the guest counts from `started`.
    pub(super) async fn call_within(
        &mut self,
        call: &Call<'_>,
        bounds: Bounds,
        started: Instant,
    ) -> CallReport {
        self.begin(call, bounds);
        let outcome = self.enter(call.action, call.payload).await;
        self.end(outcome, call.limits.fuel, started)
    }

    /// What became of a call.
    pub(super) fn end(
        &mut self,
        outcome: wasmtime::Result<CapsuleResult>,
        budget: u64,
        started: Instant,
    ) -> CallReport {
        let left = self.store.get_fuel().unwrap_or(0);
        let state = self.store.data_mut();
        state.meter.end_call();
        let mut unknown_action = None;
        let ending = match outcome {
            Ok(CapsuleResult { action, data }) => {
                let verdict = Verdict::of(&action, data);
                unknown_action = (!is_known_action(&action)).then_some(action);
                Ending::Verdict(verdict)
            }
            Err(error) => classify(&error, state, budget, false),
        };
        self.spent = !matches!(ending, Ending::Verdict(_));
        let used = budget.saturating_sub(left);
        let lower_bound = !matches!(ending, Ending::Verdict(_) | Ending::OutOfFuel { .. });
        let fuel = FuelUse { call: used, instantiate: 0, budget, lower_bound };
        let times = Times { guest: started.elapsed(), ..Times::default() };
        CallReport { unknown_action, ..CallReport::of(&self.store, ending, fuel, times) }
    }

    /// Gives the store everything that belongs to this call and nothing of the one before.
    pub(super) fn begin(&mut self, call: &Call<'_>, bounds: Bounds) {
        let fuel = call.limits.fuel;
        // Until it has returned normally: the future may be dropped half-way.
        self.spent = true;
        let state = self.store.data_mut();
        call.renew(&mut state.scope, bounds);
        state.pace = bounds.pace();
        state.meter.begin_call();
        state.boundary.entered_again(fuel);
        state.traffic = Default::default();
        // Seeding fuel fails only in an engine without fuel, which no configuration here makes.
        let _ = self.store.set_fuel(fuel);
        self.store.set_epoch_deadline(1);
    }

    /// Enters the guest. Between [`Instance::begin`] and [`Instance::end`].
    pub(super) async fn enter(
        &mut self,
        action: &str,
        payload: &[u8],
    ) -> wasmtime::Result<CapsuleResult> {
        let Some(hook) = &self.hook else {
            return Err(wasmtime::Error::msg("the capsule exports no astrid-hook-trigger"));
        };
        // A copy that takes arguments which live only as long as this call.
        let hook: TypedFunc<(&str, &[u8]), (CapsuleResult,)> = *hook;
        let (result,) = hook.call_async(&mut self.store, (action, payload)).await?;
        Ok(result)
    }
}
