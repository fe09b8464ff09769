//! Calls the handlers of messages.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::chain::{Deliver, Handled, Outcome};
use super::lanes::Lanes;
use super::queues::{Capacity, Key, Queues};
use crate::bus::Message;
use crate::clock::Clock;
use crate::engine::{Call, CallReport, Loaded, Pool};
use crate::host::ports::{Belongings, Refused};
use crate::host::record::{Both, Observer};
use crate::limits::{
    CALL_TIMEOUT, DISPATCH_BYTES_MAX, DISPATCH_BYTES_TOTAL_MAX, DISPATCH_CALLS_MAX,
    DISPATCH_QUEUE_MAX, DISPATCH_TOTAL_MAX,
};
use crate::policy::budget::CallLimits;
use crate::policy::fuel::Reservation;
use crate::principal::PrincipalId;

/// What a dispatcher is made with.
pub struct DispatcherOptions {
    /// The runtime that serves timers.
    pub runtime: tokio::runtime::Handle,
    /// Measures how long calls take.
    pub stopwatch: Clock,
    /// Told how each step went, on a thread that calls guests: it has to be quick.
    pub handled: HandledSink,
    /// Ends calls; what waits then is not called any more.
    pub cancel: CancellationToken,
    /// Where instances wait for the next call of the same principal; without it each call gets one of
    /// its own.
    pub instances: Option<Pool>,
}

/// Told how each step went.
pub type HandledSink = Box<dyn Fn(Handled) + Send + Sync>;

/// A capsule whose handlers are called.
pub struct Served {
    /// The capsule.
    pub loaded: Loaded,
    /// Its owner.
    pub owner: Arc<Belongings>,
    /// Lets a principal call, or says why it may not.
    pub admit: Admit,
    /// The clock by which it is let in and charged.
    pub pace: Clock,
    /// Sees the host calls of each instance.
    pub observer: MakeObserver,
    /// Sees each call by itself; calls that share instances have nobody who does.
    pub attend: Option<Attend>,
}

/// What came of making an instance before anybody calls: what it took, or why there can be none.
pub type MadeAhead = Result<Box<CallReport>, Box<CallReport>>;

/// Decides whether a principal may call, and with what limits. Asked for each call: what its profile says
/// now counts, the owner's as well.
pub type Admit = Box<dyn Fn(&PrincipalId) -> Result<Admitted, Refused> + Send + Sync>;

/// Makes the observer of one instance, if it is to be observed.
pub type MakeObserver = Box<dyn Fn() -> Option<Box<dyn Observer>> + Send + Sync>;

/// Is told of a call that begins.
pub type Attend = Box<dyn Fn(&Call<'_>) -> Attendance + Send + Sync>;

/// Whoever sees one call.
pub struct Attendance {
    /// Sees its host calls.
    pub observer: Option<Box<dyn Observer>>,
    /// Is told how it ended.
    pub ended: Box<dyn FnOnce(&CallReport) + Send>,
}

/// Leave to make one call.
pub struct Admitted {
    /// What the principal owns.
    pub principal: Arc<Belongings>,
    /// What the call may use.
    pub limits: CallLimits,
    /// The principal's share of processor time, charged in full unless it is settled.
    pub reservation: Reservation,
}

/// Calls handlers on its own threads. Dropping it cancels what still runs.
pub struct Dispatcher {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// Told when no call is in flight any more.
    idle: Condvar,
    lanes: Lanes,
    handled: HandledSink,
    cancel: Arc<CancellationToken>,
    instances: Option<Pool>,
}

struct State {
    /// By number; one that is not there serves nothing.
    capsules: Vec<Option<Arc<Served>>>,
    queues: Queues,
}

impl Dispatcher {
    /// Starts the threads. Nothing is served yet.
    pub fn start(options: DispatcherOptions) -> std::io::Result<Dispatcher> {
        let capacity = Capacity {
            per_queue: DISPATCH_QUEUE_MAX,
            bytes_per_queue: DISPATCH_BYTES_MAX,
            total: DISPATCH_TOTAL_MAX,
            bytes_total: DISPATCH_BYTES_TOTAL_MAX,
            calls: DISPATCH_CALLS_MAX,
        };
        let state = State { capsules: Vec::new(), queues: Queues::new(capacity) };
        let DispatcherOptions { runtime, stopwatch, handled, cancel, instances } = options;
        Ok(Dispatcher {
            shared: Arc::new(Shared {
                state: Mutex::new(state),
                idle: Condvar::new(),
                lanes: Lanes::start(&runtime, stopwatch)?,
                handled,
                cancel: Arc::new(cancel),
                instances,
            }),
        })
    }

    /// Serves a capsule from now on, under the number that bindings call it by.
    pub fn serve(&self, number: usize, served: Arc<Served>) {
        let mut state = self.shared.lock();
        if state.capsules.len() <= number {
            state.capsules.resize_with(number + 1, || None);
        }
        state.capsules[number] = Some(served);
    }

    /// Makes an instance for the owner of a capsule that is to be served, with these limits, on the threads
    /// of calls: what a guest does as it begins is bounded there as a call is, and it never takes longer than
    /// a call by default, however long those of the owner may.
    ///
    /// It waits for the owner's first call where instances do, and is dropped where they do not. Whoever asks
    /// for it charges for it; the owner's rate is not asked. It is made whether or not the future is
    /// polled, until `cancel` or the dispatcher ends that. The future gives nothing when making it was given
    /// up half-way: the host panicked, or the dispatcher is gone.
    pub fn make_ahead(
        &self,
        served: &Arc<Served>,
        limits: CallLimits,
        cancel: CancellationToken,
    ) -> impl Future<Output = Option<MadeAhead>> + Send + use<> {
        let (sender, made) = oneshot::channel();
        let (served, pool) = (Arc::clone(served), self.shared.instances.clone());
        let limits = CallLimits { timeout: limits.timeout.min(CALL_TIMEOUT), ..limits };
        self.shared.lanes.spawn(served.owner.id.as_str().into(), async move {
            // Nobody may wait for it any more.
            let _ = sender.send(served.make_ahead(limits, cancel, pool.as_ref()).await);
        });
        async { made.await.ok() }
    }

    /// Sends a message along its chain, without waiting. Every step of it is told to the sink, and
    /// exactly one of them says that the chain is over, unless [`Dispatcher::finish`] comes first.
    pub fn dispatch(&self, delivery: Deliver) {
        self.shared.queue(delivery);
    }

    /// Waits until no call is in flight, which is soon after a cancellation, and gives what was not
    /// called. No runtime's thread may wait here.
    pub fn finish(self) -> Vec<Deliver> {
        let mut state = self.shared.lock();
        let mut left = state.queues.clear();
        while state.queues.calls() > 0 {
            state = self.shared.idle.wait(state).unwrap_or_else(PoisonError::into_inner);
            // What became due meanwhile.
            left.extend(state.queues.clear());
        }
        left
    }
}

impl Drop for Dispatcher {
    fn drop(&mut self) {
        self.shared.cancel.cancel();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Whole between any two statements that could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a step, and makes what calls can be made.
    fn queue(self: &Arc<Shared>, delivery: Deliver) {
        let mut state = self.lock();
        let capsule = delivery.step().worker;
        let served = state.capsules.get(capsule).and_then(Option::as_ref);
        let owner = served.map_or("", |served| served.owner.id.as_str());
        let principal = delivery.message.principal.name().unwrap_or(owner).into();
        let refused = state.queues.push(Key { capsule, principal }, delivery);
        self.make_calls(state);
        if let Err((full, delivery)) = refused {
            let (handled, _) = Handled::judge(delivery, Outcome::Lost(full));
            (self.handled)(handled);
        }
    }

    fn make_calls(self: &Arc<Shared>, mut state: MutexGuard<'_, State>) {
        while !self.cancel.is_cancelled()
            && let Some((key, delivery)) = state.queues.next()
        {
            let served = state.capsules.get(key.capsule).and_then(Clone::clone);
            let who = Arc::clone(&key.principal);
            let place = Place { shared: Arc::downgrade(self), key };
            let (cancel, instances) = (Arc::clone(&self.cancel), self.instances.clone());
            self.lanes.spawn(who, async move {
                let outcome = match &served {
                    Some(served) => served.call(&delivery, cancel, instances.as_ref()).await,
                    None => Outcome::Refused(not_served(&place.key)),
                };
                place.finish(delivery, outcome);
            });
        }
    }
}

fn not_served(key: &Key) -> Refused {
    Refused { id: key.principal.to_string(), reason: "the capsule is not served".to_owned() }
}

/// A place for a call. It is given back in any case.
struct Place {
    shared: Weak<Shared>,
    key: Key,
}

impl Place {
    /// Tells how the step went, gives the place back and goes on with the chain.
    fn finish(self, delivery: Deliver, outcome: Outcome) {
        let Some(shared) = self.shared.upgrade() else { return };
        let (handled, rest) = Handled::judge(delivery, outcome);
        (shared.handled)(handled);
        // The next step is queued before this place is free, so that nobody sees an idle moment in
        // the middle of a chain.
        if let Some(rest) = rest {
            shared.queue(rest);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(shared) = self.shared.upgrade() else { return };
        let mut state = shared.lock();
        state.queues.done(&self.key);
        if state.queues.calls() == 0 {
            shared.idle.notify_all();
        }
        shared.make_calls(state);
    }
}

impl Served {
    async fn make_ahead(
        &self,
        limits: CallLimits,
        cancel: CancellationToken,
        pool: Option<&Pool>,
    ) -> MadeAhead {
        let call = Call {
            action: "",
            payload: &[],
            principal: &self.owner,
            owner: &self.owner,
            caller: None,
            limits,
            cancel: Arc::new(cancel),
        };
        let observer = (self.observer)();
        let made = match pool {
            Some(pool) => pool.warm(&self.loaded, &call, observer).await,
            None => self.loaded.instance(&call, observer).await.map(|(_, report)| report),
        };
        made.map(Box::new)
    }

    async fn call(
        &self,
        delivery: &Deliver,
        cancel: Arc<CancellationToken>,
        instances: Option<&Pool>,
    ) -> Outcome {
        let admitted = self.id_of(&delivery.message).and_then(|id| (self.admit)(&id));
        let Admitted { principal, limits, reservation } = match admitted {
            Ok(admitted) => admitted,
            Err(refused) => return Outcome::Refused(refused),
        };
        let call = Call {
            action: &delivery.step().action,
            payload: &delivery.payload,
            principal: &principal,
            owner: &self.owner,
            caller: Some(Arc::clone(&delivery.message)),
            limits,
            cancel,
        };
        let report: CallReport = match instances {
            Some(pool) => pool.call(&self.loaded, &call, &*self.observer).await,
            None => match self.attend.as_ref().map(|attend| attend(&call)) {
                None => self.loaded.invoke(call, (self.observer)()).await,
                Some(Attendance { observer, ended }) => {
                    let observer = Both::of((self.observer)(), observer);
                    let report = self.loaded.invoke(call, observer).await;
                    ended(&report);
                    report
                }
            },
        };
        let used = report.fuel.call.saturating_add(report.fuel.instantiate);
        reservation.settle(used, self.pace.roughly());
        Outcome::Called(Box::new(report))
    }

    /// For whom a message is served: its sender, and for the host's own messages the owner.
    fn id_of(&self, message: &Message) -> Result<PrincipalId, Refused> {
        let Some(name) = message.principal.name() else {
            return Ok(self.owner.id.clone());
        };
        // A principal that is there but malformed is refused, never taken for the owner.
        PrincipalId::new(name)
            .map_err(|error| Refused { id: name.to_owned(), reason: error.to_string() })
    }
}
