//! SIGINT and SIGTERM: the first asks for a clean end, the second ends at once.
//!
//! Signals are watched on a thread of their own, so that they count even while the command is stuck
//! in a write that nobody reads.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

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

/// Cancels `token` on the first signal and ends the process on the second.
pub(super) fn watch(token: CancellationToken) -> Result<Interrupted, Failure> {
    let failed = |error| Failure::environment("cannot watch for signals", &error);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(failed)?;
    // Registered before this returns, so that no signal is missed.
    let (interrupt, terminate) = {
        let _entered = runtime.enter();
        let open = |kind| signal(kind).map_err(failed);
        (open(SignalKind::interrupt())?, open(SignalKind::terminate())?)
    };
    let interrupted = Interrupted::default();
    let seen = interrupted.clone();
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || runtime.block_on(serve(interrupt, terminate, token, seen)))
        .map_err(failed)?;
    Ok(interrupted)
}

async fn serve(
    mut interrupt: Signal,
    mut terminate: Signal,
    token: CancellationToken,
    seen: Interrupted,
) {
    loop {
        let exit = tokio::select! {
            _ = interrupt.recv() => Exit::Interrupted,
            _ = terminate.recv() => Exit::Terminated,
        };
        if seen.0.swap(exit.code(), Ordering::Relaxed) != 0 {
            std::process::exit(exit.code().into());
        }
        token.cancel();
    }
}
