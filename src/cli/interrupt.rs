//! SIGINT and SIGTERM: the first asks for a clean end, the second ends at once.
//!
//! Signals are watched on a thread of their own, so that they count even while the command is stuck
//! in a write that nobody reads. There is one such thread in the process, and one thing at a time
//! that a signal stops.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    /// Without one, a signal ends the process at once.
    watch: Option<Watch>,
}

static WATCHER: Mutex<Watcher> = Mutex::new(Watcher { is_running: false, watch: None });

fn watcher() -> MutexGuard<'static, Watcher> {
    WATCHER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Cancels `token` on the first signal and ends the process on the second.
pub(super) fn watch(token: CancellationToken) -> Result<Interrupted, Failure> {
    begin(move || token.cancel())
}

/// Calls `stop` on the first signal until the answer is dropped; from then on a signal ends the
/// process at once.
pub(super) fn while_asking(stop: impl Fn() + Send + 'static) -> Result<Asking, Failure> {
    begin(stop).map(Asking)
}

/// Somebody is being asked.
pub(super) struct Asking(pub(super) Interrupted);

impl Drop for Asking {
    fn drop(&mut self) {
        watcher().watch = None;
    }
}

fn begin(stop: impl Fn() + Send + 'static) -> Result<Interrupted, Failure> {
    let seen = Interrupted::default();
    let mut watcher = watcher();
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
        let watcher = watcher();
        let first =
            watcher.watch.as_ref().filter(|it| it.seen.0.swap(exit.code(), Ordering::Relaxed) == 0);
        match first {
            Some(watch) => (watch.stop)(),
            None => std::process::exit(exit.code().into()),
        }
    }
}
