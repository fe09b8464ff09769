//! SIGINT and SIGTERM: the first asks for a clean end, the second ends at once.
//!
//! What stops a command may signal both the process and its group, which is one press of a key and not
//! two: a signal that follows another one this closely does not count.
//!
//! Signals are watched on a thread of their own, so that they count even while the command is stuck
//! in a write that nobody reads. There is one such thread in the process, and one thing at a time
//! that a signal stops.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::exit::Exit;
use super::failure::Failure;

/// Which signal came, if any.
#[derive(Clone, Debug, Default)]
pub(super) struct Interrupted(Arc<AtomicU8>);

impl Interrupted {
    /// The exit code of the signal that came.
    pub(super) fn exit(&self) -> Option<Exit> {
        match self.0.load(Ordering::Relaxed) {
            130 => Some(Exit::Interrupted),
            143 => Some(Exit::Terminated),
            _ => None,
        }
    }
}

/// What the first signal does.
struct Watch {
    seen: Interrupted,
    stop: Box<dyn Fn() + Send>,
}

struct Watcher {
    is_running: bool,
    presses: Presses,
    /// Without one, a signal ends the process at once.
    watch: Option<Watch>,
}

static WATCHER: Mutex<Watcher> =
    Mutex::new(Watcher { is_running: false, presses: Presses(None), watch: None });

/// Signals within this time of one that counted belong to it.
const SAME_PRESS: Duration = Duration::from_millis(300);

/// Tells which signals count.
struct Presses(Option<Instant>);

impl Presses {
    /// Whether a signal counts that comes now.
    fn counts(&mut self, now: Instant) -> bool {
        let before = self.0.map(|before| now.saturating_duration_since(before));
        let counts = before.is_none_or(|since| since > SAME_PRESS);
        if counts {
            self.0 = Some(now);
        }
        counts
    }
}

/// The exit code for `signal`, if it is one that asks for an end.
pub(super) fn exit_of(signal: i32) -> Option<Exit> {
    match rustix::process::Signal::from_named_raw(signal)? {
        rustix::process::Signal::INT => Some(Exit::Interrupted),
        rustix::process::Signal::TERM => Some(Exit::Terminated),
        _ => None,
    }
}

fn watcher() -> MutexGuard<'static, Watcher> {
    WATCHER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Cancels `token` on the first signal and ends the process on the second.
pub(super) fn watch(token: CancellationToken) -> Result<Interrupted, Failure> {
    begin(move || token.cancel())
}

/// Calls `stop` on the first signal until the answer is dropped; from then on a signal ends the
/// process at once.
pub(super) fn meanwhile(stop: impl Fn() + Send + 'static) -> Result<Meanwhile, Failure> {
    begin(stop).map(Meanwhile)
}

/// Something is being done that a signal does not simply end.
pub(super) struct Meanwhile(pub(super) Interrupted);

impl Drop for Meanwhile {
    fn drop(&mut self) {
        watcher().watch = None;
    }
}

/// A signal that came to whatever was to be stopped before, and after anybody looked, counts for this.
fn begin(stop: impl Fn() + Send + 'static) -> Result<Interrupted, Failure> {
    let seen = Interrupted::default();
    let mut watcher = watcher();
    let earlier = watcher.watch.as_ref().map_or(0, |it| it.seen.0.load(Ordering::Relaxed));
    seen.0.store(earlier, Ordering::Relaxed);
    if earlier != 0 {
        stop();
    }
    if !watcher.is_running {
        start()?;
        watcher.is_running = true;
    }
    watcher.watch = Some(Watch { seen: seen.clone(), stop: Box::new(stop) });
    Ok(seen)
}

fn start() -> Result<(), Failure> {
    let failed = |error| Failure::environment("cannot watch for signals", &error);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(failed)?;
    // Registered before this returns, so that no signal is missed.
    let (interrupt, terminate) = {
        let _entered = runtime.enter();
        let open = |kind| signal(kind).map_err(failed);
        (open(SignalKind::interrupt())?, open(SignalKind::terminate())?)
    };
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || runtime.block_on(serve(interrupt, terminate)))
        .map_err(failed)?;
    Ok(())
}

async fn serve(mut interrupt: Signal, mut terminate: Signal) {
    loop {
        let exit = tokio::select! {
            _ = interrupt.recv() => Exit::Interrupted,
            _ = terminate.recv() => Exit::Terminated,
        };
        let mut watcher = watcher();
        if !watcher.presses.counts(Instant::now()) {
            continue;
        }
        let first =
            watcher.watch.as_ref().filter(|it| it.seen.0.swap(exit.code(), Ordering::Relaxed) == 0);
        match first {
            Some(watch) => (watch.stop)(),
            None => std::process::exit(exit.code().into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_close_to_one_that_counted_belong_to_it() {
        let start = Instant::now();
        let mut presses = Presses(None);
        let after = [(0, true), (0, false), (5, false), (300, false), (301, true), (600, false)];
        for (ms, expected) in after {
            let counts = presses.counts(start + Duration::from_millis(ms));
            assert_eq!(counts, expected, "after {ms} ms");
        }
        assert!(presses.counts(start + Duration::from_millis(602)));
    }
}
