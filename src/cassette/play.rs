//! Entering a guest with a tape in the place of its host.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::file::{Cassette, Track};
use super::replay::{Divergence, Manner, Tape, compare_ends};
use super::{End, Entry};
use crate::engine::{Call, CallReport, Hook, HookCall, Loaded, RunOptions};
use crate::host::pace::FuelSink;
use crate::host::ports::Belongings;
use crate::host::record::{Both, Observer};
use crate::limits::{CALL_FUEL, WINDOW_TICKS_MAX};
use crate::policy::budget::{CallLimits, RunLoopBudget};

/// A capsule that recordings are played to.
pub struct Player<'a> {
    /// Its code, on a host that is never asked anything.
    pub loaded: &'a Loaded,
    /// Whoever it acts for; nothing of it is touched.
    pub owner: Arc<Belongings>,
    /// What is done about a difference.
    pub manner: Manner,
    /// Whether the engine is the one of the recording, so that fuel is comparable.
    pub fuel_counts: bool,
}

/// A track that was played.
#[derive(Debug)]
pub struct Played {
    /// How the entry went.
    pub report: CallReport,
    /// How it ended, as a recording says it.
    pub end: End,
    /// Recorded calls that were answered.
    pub answered: u64,
    /// What differs, in the order in which it was met.
    pub divergences: Vec<Divergence>,
    /// Whether the guest was ended because nothing on the tape could answer it.
    pub was_lost: bool,
}

/// A track could not be played at all.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// The capsule lacks the export that was entered.
    #[error("there is no {0} to play the recording to")]
    NoExport(String),
    /// A run loop needs a thread.
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
}

impl Player<'_> {
    /// Plays one track. `also` sees the calls and their answers beside the tape. `cancel` ends the
    /// guest where it is.
    ///
    /// # Errors
    ///
    /// The export is missing, or a run loop gets no thread.
    pub async fn play(
        &self,
        cassette: &Cassette,
        track: &Track,
        also: Option<Box<dyn Observer>>,
        runtime: &Handle,
        cancel: CancellationToken,
    ) -> Result<Played, PlayError> {
        let (tape, found) = Tape::new(track, &cassette.blobs, self.manner, self.fuel_counts);
        let observer = Both::of(Some(Box::new(tape)), also);
        let report = self.enter(cassette, track, observer, runtime, cancel).await?;
        let end = End::of(&report);
        let mut divergences = found.divergences(track.number);
        // A guest that was ended by the replay did not end by itself.
        if !found.was_lost() {
            divergences.extend(compare_ends(track, &end, self.fuel_counts));
        }
        let (answered, was_lost) = (found.played(), found.was_lost());
        Ok(Played { report, end, answered, divergences, was_lost })
    }

    async fn enter(
        &self,
        cassette: &Cassette,
        track: &Track,
        tape: Option<Box<dyn Observer>>,
        runtime: &Handle,
        cancel: CancellationToken,
    ) -> Result<CallReport, PlayError> {
        let missing = |export: &str| PlayError::NoExport(export.to_owned());
        let memory_bytes = track.enter.memory_limit_bytes;
        let owner = Arc::clone(&self.owner);
        match &track.enter.entry {
            Entry::Interceptor { action, fuel_limit, .. } => {
                let payload = track.payload(&cassette.blobs);
                // What was ended from outside goes on for as long as it went then.
                let fuel = match track.end.is_from_outside() {
                    true => track.end.fuel.min(*fuel_limit),
                    false => *fuel_limit,
                };
                // No recording was made with more.
                let fuel = fuel.min(CALL_FUEL);
                let call = Call {
                    action,
                    payload: &payload,
                    principal: &owner,
                    owner: &owner,
                    caller: None,
                    limits: CallLimits { fuel, timeout: Duration::MAX, memory_bytes },
                    cancel: Arc::new(cancel),
                };
                Ok(tokio::task::coop::unconstrained(self.loaded.invoke(call, tape)).await)
            }
            Entry::Hook { export } => {
                let hook = match export == Hook::Install.export() {
                    true => Hook::Install,
                    false => Hook::Upgrade,
                };
                let call = HookCall { hook, principal: owner, cancel };
                self.loaded.hook(call, tape).await.ok_or_else(|| missing(export))
            }
            Entry::RunLoop {} => {
                let cancel = cancel.child_token();
                let gone = track.end.is_from_outside().then_some(track.end.fuel);
                let fuel_used = gone.map(|limit| cancel_after(limit, cancel.clone()));
                // Bounded like any other loop, in case it goes on where the tape ends.
                let window_ticks = Some(WINDOW_TICKS_MAX);
                let options = RunOptions {
                    owner,
                    budget: RunLoopBudget { exempt: false, window_ticks, memory_bytes },
                    observer: tape,
                    window_ended: None,
                    fuel_used,
                    runtime: runtime.clone(),
                    cancel: cancel.clone(),
                    seat: None,
                };
                let started = self.loaded.start(options).ok_or_else(|| missing("run"))?;
                let running = started.map_err(PlayError::Thread)?;
                Ok(running.ended().await.call.clone())
            }
        }
    }
}

/// Ends a loop about where it was ended from outside: when it has used so much fuel.
fn cancel_after(limit: u64, cancel: CancellationToken) -> FuelSink {
    let used = AtomicU64::new(0);
    Arc::new(move |fuel| {
        if used.fetch_add(fuel, Ordering::Relaxed).saturating_add(fuel) > limit {
            cancel.cancel();
        }
    })
}
