//! The epoch clock of the process: one thread, one tick every 100 ms, for every engine.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use wasmtime::{Engine, EngineWeak};

use crate::host::pace::Ticks;

/// Ticks until it is dropped.
///
/// The schedule is absolute: when the thread was late, the ticks it missed are made up for, so that
/// deadlines do not drift. Dropping the ticker ends the thread at once.
pub(super) struct Ticker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    ticks: Ticks,
    state: Mutex<State>,
    stop: Condvar,
}

#[derive(Default)]
struct State {
    engines: Vec<EngineWeak>,
    stopped: bool,
}

impl Ticker {
    pub(super) fn start(period: Duration) -> std::io::Result<Ticker> {
        let shared = Arc::new(Shared {
            ticks: Ticks::default(),
            state: Mutex::default(),
            stop: Condvar::new(),
        });
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("epoch".to_owned())
            .spawn(move || theirs.run(period))?;
        Ok(Ticker { shared, thread: Some(thread) })
    }

    pub(super) fn ticks(&self) -> Ticks {
        self.shared.ticks.clone()
    }

    /// Lets `engine` take part.
    pub(super) fn add(&self, engine: &Engine) {
        self.shared.lock().engines.push(engine.weak());
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        self.shared.stop.notify_one();
        if let Some(thread) = self.thread.take() {
            // The thread only counts; there is no panic of its own to pass on.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, period: Duration) {
        let start = Instant::now();
        let mut state = self.lock();
        while !state.stopped {
            let done = self.ticks.now();
            let due = due_ticks(start.elapsed(), period);
            if due > done {
                self.ticks.set(due);
                state.engines.retain(|engine| {
                    let Some(engine) = engine.upgrade() else { return false };
                    for _ in done..due {
                        engine.increment_epoch();
                    }
                    true
                });
                continue;
            }
            let next = period.saturating_mul(u32::try_from(done + 1).unwrap_or(u32::MAX));
            let wait = next.saturating_sub(start.elapsed());
            state = match self.stop.wait_timeout(state, wait) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }
}

/// Ticks that should have happened after `elapsed`.
fn due_ticks(elapsed: Duration, period: Duration) -> u64 {
    u64::try_from(elapsed.as_nanos() / period.as_nanos().max(1)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missed_ticks_are_made_up_for() {
        let period = Duration::from_millis(100);
        assert_eq!(due_ticks(Duration::from_millis(99), period), 0);
        assert_eq!(due_ticks(Duration::from_millis(100), period), 1);
        assert_eq!(due_ticks(Duration::from_millis(1234), period), 12);
    }

    #[test]
    fn an_engine_gets_every_tick_that_the_thread_missed() {
        let period = Duration::from_millis(20);
        let ticker = Ticker::start(period).expect("a thread");
        let mut config = wasmtime::Config::new();
        let engine = Engine::new(config.epoch_interruption(true)).expect("a configuration");
        let text = wat::parse_str(r#"(module (func (export "f")))"#).expect("a module in text");
        let module = wasmtime::Module::new(&engine, text).expect("a module");
        ticker.add(&engine);
        let mut store = wasmtime::Store::new(&engine, ());
        let instance = wasmtime::Instance::new(&mut store, &module, &[]).expect("no imports");
        let call = instance.get_typed_func::<(), ()>(&mut store, "f").expect("an export");
        let before = ticker.ticks().now();
        store.set_epoch_deadline(10);
        assert!(call.call(&mut store, ()).is_ok(), "its time is not over");
        {
            // The thread cannot tick meanwhile.
            let _held = ticker.shared.lock();
            let stalled = Instant::now();
            while stalled.elapsed() < 15 * period {
                std::thread::sleep(period);
            }
        }
        while ticker.ticks().now() < before + 15 {
            std::thread::yield_now();
        }
        drop(ticker.shared.lock());
        assert!(call.call(&mut store, ()).is_err(), "ten ticks and more have passed");
    }

    #[test]
    fn dropping_a_ticker_does_not_wait_for_a_tick() {
        let ticker = Ticker::start(Duration::from_secs(3600)).expect("a thread");
        let started = Instant::now();
        drop(ticker);
        assert!(started.elapsed() < Duration::from_secs(60), "joined without the next tick");
    }
}
