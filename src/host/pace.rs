//! How long a guest may compute, looked at once per epoch tick.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::boundary::Stop;
use crate::policy::epoch::{Step, WindowState};

/// The number of epoch ticks so far; clones count the same ticks.
#[derive(Clone, Debug, Default)]
pub struct Ticks(Arc<AtomicU64>);

impl Ticks {
    /// The number of ticks so far.
    pub fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn set(&self, ticks: u64) {
        self.0.store(ticks, Ordering::Relaxed);
    }
}

/// Told when a window ends: how many have ended, and how many in a row without progress.
pub type WindowSink = Arc<dyn Fn(u64, u32) + Send + Sync>;

/// Told how much fuel a guest has used since it was last told.
pub type FuelSink = Arc<dyn Fn(u64) + Send + Sync>;

/// Fuel of a guest that goes on for long, told while it does.
pub(crate) struct Spending {
    left: u64,
    sink: FuelSink,
}

impl Spending {
    /// Of a guest that has `left` to use.
    pub(crate) fn new(left: u64, sink: FuelSink) -> Spending {
        Spending { left, sink }
    }

    /// Tells what was used until this much was left.
    pub(crate) fn note(&mut self, left: u64) {
        let used = std::mem::replace(&mut self.left, left).saturating_sub(left);
        if used > 0 {
            (self.sink)(used);
        }
    }
}

/// What bounds the guest that is being run.
pub(crate) enum Pace {
    /// One call, until a tick.
    Call {
        /// The tick at which the call has had its time.
        ends: u64,
        /// The limit that this comes from.
        limit: Duration,
    },
    /// A run loop, for as long as it makes progress.
    Loop {
        /// Its windows.
        window: WindowState,
        /// What they are counted in.
        ticks: Ticks,
        /// Told of each window that ends.
        ended: Option<WindowSink>,
    },
    /// A run loop of an owner whom nothing bounds: it yields its thread and is never stopped.
    Unbounded,
}

impl Pace {
    /// A call that starts at tick `now` and may take `limit`. The tick that is under way does not
    /// count, so that no call ends early.
    pub(crate) fn call(now: u64, limit: Duration, tick: Duration) -> Pace {
        Pace::Call { ends: Pace::last_tick(now, limit, tick), limit }
    }

    /// The tick at which a call that starts at tick `now` has had its time.
    pub(crate) fn last_tick(now: u64, limit: Duration, tick: Duration) -> u64 {
        let ticks = limit.as_nanos().div_ceil(tick.as_nanos().max(1));
        let ticks = u64::try_from(ticks).unwrap_or(u64::MAX);
        now.saturating_add(ticks).saturating_add(1)
    }

    /// Notes that a host call was progress, or was not.
    pub(crate) fn progressed(&mut self, progressed: bool) {
        if let Pace::Loop { window, ticks, .. } = self
            && progressed
        {
            window.progress(ticks.now());
        }
    }

    /// Decides at tick `now` whether the guest goes on.
    pub(crate) fn tick(&mut self, now: u64) -> Result<(), Stop> {
        match self {
            Pace::Call { ends, limit } if now >= *ends => Err(Stop::Deadline { limit: *limit }),
            Pace::Call { .. } | Pace::Unbounded => Ok(()),
            Pace::Loop { window, ended, .. } => {
                let before = window.windows();
                let step = window.tick(now);
                if let Some(ended) = ended
                    && window.windows() > before
                {
                    ended(window.windows(), window.strikes());
                }
                match step {
                    Step::Yield => Ok(()),
                    Step::Stop(stopped) => Err(Stop::Spun {
                        windows: stopped.windows,
                        ticks: stopped.spun_ticks,
                        busy_ticks: stopped.busy_ticks,
                    }),
                }
            }
        }
    }

    /// Windows of a run loop that have ended.
    pub(crate) fn windows(&self) -> u64 {
        match self {
            Pace::Loop { window, .. } => window.windows(),
            Pace::Call { .. } | Pace::Unbounded => 0,
        }
    }
}

/// Has the call that awaits it count as one that waited: by a virtual clock nothing else shows it.
pub(crate) fn waited() -> impl Future<Output = ()> + Send {
    let mut has_waited = false;
    std::future::poll_fn(move |context| {
        if std::mem::replace(&mut has_waited, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_never_ends_before_its_limit() {
        let tick = Duration::from_millis(100);
        let ends = |limit| match Pace::call(7, limit, tick) {
            Pace::Call { ends, .. } => ends,
            _ => panic!("not the pace of a call"),
        };
        assert_eq!(ends(Duration::from_secs(1)), 18);
        assert_eq!(ends(Duration::from_millis(1)), 9);
        assert_eq!(ends(Duration::from_millis(101)), 10);
        assert_eq!(ends(Duration::MAX), u64::MAX);
    }

    #[test]
    fn fuel_is_told_once() {
        let told = Arc::new(std::sync::Mutex::new(Vec::new()));
        let sink = Arc::clone(&told);
        let mut spending = Spending::new(
            100,
            Arc::new(move |used| {
                sink.lock().expect("nobody panics").push(used);
            }),
        );
        for left in [90, 90, 40, 0, 0] {
            spending.note(left);
        }
        assert_eq!(*told.lock().expect("nobody panics"), [10, 50, 40]);
    }

    #[test]
    fn a_loop_of_an_exempt_owner_is_never_stopped() {
        let mut pace = Pace::Unbounded;
        assert_eq!(pace.tick(u64::MAX), Ok(()));
    }
}
