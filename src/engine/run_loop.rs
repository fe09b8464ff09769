//! Run loops, each on a thread of its own.
//!
//! A loop's thread runs nothing but its guest: timers and the bus are served elsewhere, so a loop
//! that spins takes a share of the cores and nobody's timers. What it does with its time is looked
//! at once per tick, and windows in which it never waited are counted.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Loaded;
use super::instance::Made;
use super::outcome::{CallReport, Ending, FuelUse, Times, classify};
use crate::clock::Seat;
use crate::host::meter::Meter;
use crate::host::pace::{FuelSink, Pace, Spending, WindowSink};
use crate::host::ports::Belongings;
use crate::host::record::Observer;
use crate::host::scope::{CallScope, Phase};
use crate::limits::{UNBOUNDED_FUEL, WINDOWS_WITHOUT_PROGRESS_MAX};
use crate::policy::budget::RunLoopBudget;
use crate::policy::epoch::WindowState;

/// How a run loop is started.
pub struct RunOptions {
    /// The capsule's owner, for whom the loop acts until it receives from somebody else.
    pub owner: Arc<Belongings>,
    /// What it may use.
    pub budget: RunLoopBudget,
    /// Sees its host calls.
    pub observer: Option<Box<dyn Observer>>,
    /// Told of each window that ends.
    pub window_ended: Option<WindowSink>,
    /// Told of its fuel: what it took to make the instance, then, at most once per tick, what its code
    /// has used meanwhile, and at its end the rest. The sum is that of the report.
    pub fuel_used: Option<FuelSink>,
    /// The runtime that serves its timers.
    pub runtime: tokio::runtime::Handle,
    /// Asks it to end, as [`RunLoop::cancel`] does.
    pub cancel: CancellationToken,
    /// Its seat among those who share a virtual clock, if they take turns.
    pub seat: Option<Seat>,
}

/// A loop that was started. Dropping it asks the loop to end.
pub struct RunLoop {
    cancel: CancellationToken,
    ready: watch::Receiver<bool>,
    end: watch::Receiver<Option<Arc<LoopReport>>>,
    thread: Option<JoinHandle<()>>,
}

/// Why a loop is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoopEnd {
    /// `run` returned: the loop was done.
    Exited,
    /// It was asked to end.
    Cancelled,
    /// It trapped, ran out of something, or was stopped.
    Failed,
}

/// What a loop did in its life.
#[derive(Clone, Debug)]
pub struct LoopReport {
    /// Why it is over.
    pub end: LoopEnd,
    /// How the entry into `run` ended, and what it used.
    pub call: CallReport,
    /// Windows that ended.
    pub windows: u64,
    /// Processor time of its thread.
    pub cpu: Duration,
}

/// How a loop is doing.
#[derive(Clone, Debug)]
pub enum Health {
    /// It has not signalled readiness yet.
    Starting,
    /// It has.
    Ready,
    /// It returned normally, or was asked to end.
    Exited(Arc<LoopReport>),
    /// It is over for another reason.
    Failed(Arc<LoopReport>),
}

impl Loaded {
    /// Starts the capsule's run loop; `None` when it exports no `run`.
    pub fn start(&self, options: RunOptions) -> Option<std::io::Result<RunLoop>> {
        self.0.run.as_ref()?;
        let cancel = options.cancel.clone();
        let (ready_sender, ready) = watch::channel(false);
        let (end_sender, end) = watch::channel(None);
        let loaded = self.clone();
        let token = cancel.clone();
        let mut options = options;
        let thread = std::thread::Builder::new().name(format!("run {}", self.capsule().id));
        let thread = thread.spawn(move || {
            let runtime = options.runtime.clone();
            let seat = options.seat.take();
            seat.iter().for_each(Seat::sit);
            // The thread runs nothing else, so the runtime has no reason to make the guest pause
            // now and then; a pause would also look like waiting.
            let run = loaded.run(options, token, ready_sender);
            let report = runtime.block_on(tokio::task::coop::unconstrained(run));
            // Whoever is told may end the process: nothing is left then that has to be cleaned up.
            drop(loaded);
            end_sender.send_replace(Some(Arc::new(report)));
            // Whoever has the next turn finds it ended.
            drop(seat);
        });
        Some(thread.map(|thread| RunLoop { cancel, ready, end, thread: Some(thread) }))
    }

    async fn run(
        &self,
        options: RunOptions,
        cancel: CancellationToken,
        ready: watch::Sender<bool>,
    ) -> LoopReport {
        let RunOptions { owner, budget, observer, window_ended, fuel_used, .. } = options;
        let tell = |fuel: u64| fuel_used.iter().filter(|_| fuel > 0).for_each(|told| told(fuel));
        let linked = &self.0;
        let scope = CallScope {
            phase: Phase::RunLoop,
            principal: Arc::clone(&owner),
            owner,
            caller: None,
            cancel: Arc::new(cancel.clone()),
            deadline: None,
            asked_to_end: None,
            vain_waits: 0,
        };
        let ticks = linked.flavoured.ticks.clone();
        let pace = match budget.window_ticks {
            Some(window) => {
                let max = WINDOWS_WITHOUT_PROGRESS_MAX;
                let window = WindowState::new(window, max, ticks.now());
                Pace::Loop { window, ticks, ended: window_ended }
            }
            None => Pace::Unbounded,
        };
        let meter = Meter::new(budget.memory_bytes);
        let made = linked.make(scope, meter, pace, observer, UNBOUNDED_FUEL).await;
        let Made { linked, mut store, instance, cost } = match made {
            Ok(made) => made,
            Err(report) => {
                tell(report.fuel.call.saturating_add(report.fuel.instantiate));
                return LoopReport::new(*report, 0);
            }
        };
        tell(cost.fuel);
        store.data_mut().ready = Some(ready);
        let started = std::time::Instant::now();
        let before = store.get_fuel().unwrap_or(0);
        store.data_mut().spending = fuel_used.clone().map(|told| Spending::new(before, told));
        let entered = async {
            let run = linked.run.as_ref().expect("start() checked that there is a run");
            let run = instance.get_typed_func::<(), ()>(&mut store, run)?;
            run.call_async(&mut store, ()).await
        };
        let outcome = entered.await;
        store.data_mut().meter.end_call();
        let ending = match outcome {
            Ok(()) if cancel.is_cancelled() => Ending::Cancelled,
            Ok(()) => Ending::Returned,
            // A guest that is asked to end and gives up is not a guest that failed.
            Err(_) if cancel.is_cancelled() => Ending::Cancelled,
            Err(error) => classify(&error, store.data(), UNBOUNDED_FUEL, false),
        };
        let left = store.get_fuel().unwrap_or(0);
        store.data_mut().spending.iter_mut().for_each(|spending| spending.note(left));
        let call = before.saturating_sub(left);
        let lower_bound = ending != Ending::Returned;
        let fuel = FuelUse { call, instantiate: cost.fuel, budget: UNBOUNDED_FUEL, lower_bound };
        let times = Times { guest: started.elapsed(), instantiate: cost.time };
        let windows = store.data().pace.windows();
        LoopReport::new(CallReport::of(&store, ending, fuel, times), windows)
    }
}

impl LoopReport {
    /// To be called on the loop's own thread, whose processor time it reads.
    fn new(call: CallReport, windows: u64) -> LoopReport {
        let end = match call.ending {
            Ending::Returned => LoopEnd::Exited,
            Ending::Cancelled => LoopEnd::Cancelled,
            _ => LoopEnd::Failed,
        };
        let cpu = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        let cpu = Duration::try_from(cpu).unwrap_or_default();
        LoopReport { end, call, windows, cpu }
    }
}

impl LoopReport {
    fn lost(call: CallReport) -> LoopReport {
        LoopReport { end: LoopEnd::Failed, call, windows: 0, cpu: Duration::ZERO }
    }
}

impl RunLoop {
    /// How the loop is doing now.
    pub fn health(&self) -> Health {
        match &*self.end.borrow() {
            Some(report) if report.end == LoopEnd::Failed => Health::Failed(Arc::clone(report)),
            Some(report) => Health::Exited(Arc::clone(report)),
            None if *self.ready.borrow() => Health::Ready,
            None => Health::Starting,
        }
    }

    /// Whether the loop has signalled readiness, also when it is over by now.
    pub fn was_ready(&self) -> bool {
        *self.ready.borrow()
    }

    /// The same for whoever does not have the loop.
    pub fn readiness(&self) -> impl Fn() -> bool + Send + 'static {
        let ready = self.ready.clone();
        move || *ready.borrow()
    }

    /// Waits until the loop has signalled readiness or is over; `true` when it has signalled, even
    /// before this was called. Any number may wait at once.
    pub fn ready(&self) -> impl Future<Output = bool> + Send + 'static {
        let mut ready = self.ready.clone();
        async move { ready.wait_for(|ready| *ready).await.is_ok() }
    }

    /// Waits until the loop is over.
    pub fn ended(&self) -> impl Future<Output = Arc<LoopReport>> + Send + 'static {
        let mut end = self.end.clone();
        async move {
            let report = end.wait_for(Option::is_some).await.ok().and_then(|end| end.clone());
            match report {
                Some(report) => report,
                // The thread sends before it ends, unless it panicked.
                None => {
                    let error = wasmtime::Error::msg("the loop's thread is gone");
                    Arc::new(LoopReport::lost(CallReport::without_store(&error)))
                }
            }
        }
    }

    /// Asks the loop to end: its waits return, and its code is stopped within a tick. Asking again
    /// does nothing.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }
}

impl Drop for RunLoop {
    fn drop(&mut self) {
        self.cancel.cancel();
        // The thread ends within a tick; it is not waited for here, because whoever drops this may
        // be on the thread that serves timers. It holds everything it needs until then.
        drop(self.thread.take());
    }
}
