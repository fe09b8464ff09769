//! `run --seed`: one loop by a virtual clock.
//!
//! Virtual time passes while the loop waits, and only then, so that hours are over in moments and the same
//! happens in the same places each time. The user's messages come when it waits first, and the end of
//! `--for` when its time has come; both happen on the loop's own thread. Two loops would need somebody to
//! say whose time passes, so there is one.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::events::{Event, Feed};
use crate::bus::Bus;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::target::Capsule;
use crate::clock::{Clock, Happenings};
use crate::component::has_run_loop;
use crate::limits::RECV_TIMEOUT_MAX;
use crate::local::Machine;

/// Messages that are given to a loop at once.
const MESSAGES_MAX: usize = 100_000;
/// How long a loop goes on if the user does not say it: as long as it can wait in one call.
const LASTS: Duration = RECV_TIMEOUT_MAX;

/// What happens while the loop waits.
pub(super) struct Simulation {
    bus: Bus,
    clock: Clock,
    source_id: Uuid,
    messages: Mutex<Vec<Event>>,
    end: Duration,
    cancel: CancellationToken,
}

/// Refuses what virtual time is not for.
fn check(capsules: &[Capsule]) -> Result<(), Failure> {
    let refused = |message| Failure::new(Exit::Usage, "usage", message);
    let [capsule] = capsules else {
        return Err(refused("--seed is for one capsule")
            .cause("several run at the same time, and whose turn it is depends on the machine")
            .help("in a case of capsule test, messages and replies stand for the others"));
    };
    if has_run_loop(&capsule.surface()?) {
        return Ok(());
    }
    Err(refused("with --seed a run loop is run, and there is none")
        .help("capsule invoke --seed calls an interceptor, capsule test runs cases of both"))
}

impl Simulation {
    /// Has the messages and the end happen on `machine`, for as long as the answer is kept.
    pub(super) fn on(
        machine: &Machine,
        capsules: &[Capsule],
        feed: Feed,
        lasts: Option<Duration>,
    ) -> Result<Arc<Simulation>, Failure> {
        check(capsules)?;
        let clock = machine.clock().clone();
        let source_id = clock
            .uuid()
            .map_err(|error| Failure::environment("the system has no random bytes", &error))?;
        let simulation = Arc::new(Simulation {
            bus: machine.bus().clone(),
            source_id,
            messages: Mutex::new(feed.all(MESSAGES_MAX)?),
            end: clock.monotonic().saturating_add(lasts.unwrap_or(LASTS)),
            cancel: CancellationToken::new(),
            clock: clock.clone(),
        });
        clock.attend(&simulation);
        Ok(simulation)
    }

    /// What ends the loop when its time is over.
    pub(super) fn end(&self) -> CancellationToken {
        self.cancel.clone()
    }
}

impl Happenings for Simulation {
    fn happen(&self, now: Duration) -> Option<Duration> {
        let messages =
            std::mem::take(&mut *self.messages.lock().unwrap_or_else(PoisonError::into_inner));
        messages.into_iter().for_each(|it| it.publish(&self.bus, &self.clock, self.source_id));
        if now >= self.end {
            self.cancel.cancel();
            return None;
        }
        Some(self.end)
    }
}
