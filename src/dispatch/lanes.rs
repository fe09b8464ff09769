//! The threads that guests are called on, in two lanes.
//!
//! A call is a future that is polled here until it is done. A guest that computes gives its thread
//! back at each epoch tick, and a call that has taken a whole tick goes on in the long lane, whose
//! threads are others: however many calls spin, short ones wait for one tick of a new spinner at most
//! and otherwise share only the cores. Within a lane principals take turns, by the time that their calls
//! took ([`Turns`]). Timers are those of a runtime elsewhere, whose threads never run a guest.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Wake, Waker};
use std::thread::JoinHandle;
use std::time::Duration;

use super::turns::Turns;
use crate::clock::Clock;
use crate::limits::EPOCH_TICK;

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The threads. Dropping this ends each of them after what it polls just then.
pub(super) struct Lanes {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

/// Which threads poll a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lane {
    Short,
    Long,
}

struct Shared {
    state: Mutex<State>,
    /// One for the threads of each lane.
    more: [Condvar; 2],
    stopwatch: Clock,
}

#[derive(Default)]
struct State {
    due: [Turns<Arc<Task>>; 2],
    closed: bool,
}

/// One call.
struct Task {
    shared: Weak<Shared>,
    /// The principal that it is for.
    who: Arc<str>,
    inner: Mutex<Inner>,
}

struct Inner {
    phase: Phase,
    /// Gone while it is polled, and once it is done.
    work: Option<Work>,
    lane: Lane,
    spent: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// It waits for something.
    Parked,
    /// It stands in a lane.
    Due,
    /// It is being polled.
    Polled,
    /// It is being polled, and was woken meanwhile.
    Woken,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whole between any two statements that could panic.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lanes {
    /// Starts the threads: as many for short calls as there are cores, and half as many for long
    /// ones.
    pub(super) fn start(
        runtime: &tokio::runtime::Handle,
        stopwatch: Clock,
    ) -> std::io::Result<Lanes> {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let shared =
            Arc::new(Shared { state: Mutex::default(), more: Default::default(), stopwatch });
        let mut lanes = Lanes { shared, threads: Vec::new() };
        for (lane, threads) in [(Lane::Short, cores.max(2)), (Lane::Long, cores.div_ceil(2))] {
            for _ in 0..threads {
                let shared = Arc::clone(&lanes.shared);
                let runtime = runtime.clone();
                let thread = std::thread::Builder::new().name(format!("{lane:?} calls"));
                let thread = thread.spawn(move || {
                    let _timers = runtime.enter();
                    shared.serve(lane);
                })?;
                lanes.threads.push(thread);
            }
        }
        Ok(lanes)
    }

    /// Takes on a call for a principal; it begins in the short lane.
    pub(super) fn spawn(&self, who: Arc<str>, work: impl Future<Output = ()> + Send + 'static) {
        let inner = Inner {
            phase: Phase::Due,
            work: Some(Box::pin(work)),
            lane: Lane::Short,
            spent: Duration::ZERO,
        };
        let shared = Arc::downgrade(&self.shared);
        self.shared.push(Lane::Short, Arc::new(Task { shared, who, inner: Mutex::new(inner) }));
    }

    #[cfg(test)]
    fn threads(&self) -> usize {
        self.threads.len()
    }
}

impl Drop for Lanes {
    fn drop(&mut self) {
        let waiting = {
            let mut state = lock(&self.shared.state);
            state.closed = true;
            state.due.each_mut().map(Turns::clear)
        };
        // Outside the lock: dropping a call may wake another.
        drop(waiting);
        self.shared.more.iter().for_each(Condvar::notify_all);
        for thread in self.threads.drain(..) {
            // Whoever drops this may be a call itself; such a thread ends on its own.
            if thread.thread().id() != std::thread::current().id() {
                // A panic on the thread has been reported by the panic hook.
                let _ = thread.join();
            }
        }
    }
}

impl Shared {
    fn push(&self, lane: Lane, task: Arc<Task>) {
        let mut state = lock(&self.state);
        if state.closed {
            drop(state);
            return;
        }
        state.due[lane as usize].push(&Arc::clone(&task.who), task);
        drop(state);
        self.more[lane as usize].notify_one();
    }

    fn serve(&self, lane: Lane) {
        let mut done = None;
        while let Some(task) = self.next(lane, done.as_ref()) {
            let took = task.poll(&self.stopwatch);
            done = Some((task, took));
        }
    }

    /// Waits for a call that is due, after one of somebody's has taken some time.
    fn next(&self, lane: Lane, done: Option<&(Arc<Task>, Duration)>) -> Option<Arc<Task>> {
        let mut state = lock(&self.state);
        if let Some((task, took)) = done {
            state.due[lane as usize].spent(&task.who, *took);
        }
        loop {
            if state.closed {
                return None;
            }
            if let Some(task) = state.due[lane as usize].pop() {
                return Some(task);
            }
            let waited = self.more[lane as usize].wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Task {
    /// Goes on with the call; gives how long that took.
    fn poll(self: &Arc<Task>, stopwatch: &Clock) -> Duration {
        let work = {
            let mut inner = lock(&self.inner);
            inner.phase = Phase::Polled;
            inner.work.take()
        };
        let Some(mut work) = work else { return Duration::ZERO };
        let started = stopwatch.monotonic();
        let waker = Waker::from(Arc::clone(self));
        let polled = work.as_mut().poll(&mut Context::from_waker(&waker));
        let took = stopwatch.monotonic().saturating_sub(started);
        if polled.is_ready() {
            return took;
        }
        let mut inner = lock(&self.inner);
        inner.work = Some(work);
        inner.spent += took;
        if inner.spent >= EPOCH_TICK {
            inner.lane = Lane::Long;
        }
        if inner.phase == Phase::Woken {
            inner.phase = Phase::Due;
            let lane = inner.lane;
            drop(inner);
            self.push(lane);
        } else {
            inner.phase = Phase::Parked;
        }
        took
    }

    fn push(self: &Arc<Task>, lane: Lane) {
        if let Some(shared) = self.shared.upgrade() {
            shared.push(lane, Arc::clone(self));
        }
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        let mut inner = lock(&self.inner);
        match inner.phase {
            Phase::Parked => {
                inner.phase = Phase::Due;
                let lane = inner.lane;
                drop(inner);
                self.push(lane);
            }
            Phase::Polled => inner.phase = Phase::Woken,
            Phase::Due | Phase::Woken => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::mpsc;
    use std::task::Poll;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    fn lanes(clock: &Clock) -> (Lanes, tokio::runtime::Runtime) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_time()
            .build()
            .expect("a runtime");
        (Lanes::start(runtime.handle(), clock.clone()).expect("threads"), runtime)
    }

    /// Takes a tick of virtual time on each poll, until it is told to end.
    async fn spin(clock: Clock, end: mpsc::Receiver<()>, thread: mpsc::Sender<String>) {
        poll_fn(move |context| {
            clock.advance(EPOCH_TICK);
            // The test may be over.
            let _ = thread.send(std::thread::current().name().unwrap_or_default().to_owned());
            if end.try_recv() == Err(mpsc::TryRecvError::Empty) {
                std::thread::yield_now();
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
    }

    #[test]
    fn a_call_that_takes_a_tick_goes_on_in_the_long_lane_and_short_calls_do_not_wait_for_it() {
        let clock = Clock::seeded(1);
        let (lanes, _runtime) = lanes(&clock);
        // More spinners than there are threads altogether.
        let mut spinners = Vec::new();
        for _ in 0..2 * lanes.threads() {
            let (end, ends) = mpsc::channel();
            let (sender, thread) = mpsc::channel();
            lanes.spawn("spinner".into(), spin(clock.clone(), ends, sender));
            assert_eq!(thread.recv_timeout(PATIENCE).as_deref(), Ok("Short calls"));
            assert_eq!(thread.recv_timeout(PATIENCE).as_deref(), Ok("Long calls"));
            spinners.push((end, thread));
        }
        let (sender, done) = mpsc::channel();
        lanes.spawn("somebody".into(), async move { sender.send(()).expect("the test waits") });
        done.recv_timeout(PATIENCE).expect("a short call is served while all of them spin");
        for (_, thread) in &spinners {
            assert_eq!(thread.recv_timeout(PATIENCE).as_deref(), Ok("Long calls"));
        }
    }

    #[test]
    fn a_call_may_wait_for_timers_and_for_other_threads() {
        let (lanes, _runtime) = lanes(&Clock::system());
        let (sender, done) = mpsc::channel();
        let (tell, told) = tokio::sync::oneshot::channel();
        lanes.spawn("somebody".into(), async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            sender.send(told.await).expect("the test waits");
        });
        tell.send(7).expect("it listens");
        assert_eq!(done.recv_timeout(PATIENCE), Ok(Ok(7)));
    }

    #[test]
    fn dropping_the_lanes_drops_what_waits_in_them() {
        let (lanes, _runtime) = lanes(&Clock::system());
        let (sender, receiver) = mpsc::channel::<()>();
        lanes.spawn("somebody".into(), async move {
            let _held = sender;
            std::future::pending::<()>().await;
        });
        drop(lanes);
        assert_eq!(receiver.recv_timeout(PATIENCE), Err(mpsc::RecvTimeoutError::Disconnected));
    }
}
