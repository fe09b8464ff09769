//! SIGINT and SIGTERM: the first asks for a clean end, the second ends at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::signal::unix::{SignalKind, signal};
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

/// Cancels `token` on the first signal and ends the process on the second. To be called inside the
/// runtime that serves signals.
pub(super) fn watch(token: CancellationToken) -> Result<Interrupted, Failure> {
    let open = |kind| {
        signal(kind).map_err(|error| Failure::environment("cannot watch for signals", &error))
    };
    let mut interrupt = open(SignalKind::interrupt())?;
    let mut terminate = open(SignalKind::terminate())?;
    let interrupted = Interrupted::default();
    let seen = interrupted.clone();
    tokio::spawn(async move {
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
    });
    Ok(interrupted)
}
