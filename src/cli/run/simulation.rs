//! `run --seed`: loops and handlers in a world of their own.
//!
//! Virtual time passes while all of them wait, and only then, so that hours are over in moments and the same
//! happens in the same places each time. Loops take turns; the run itself has one too, in which messages
//! are seen and one handler after the other is called. The user's messages come when somebody waits first,
//! and the end of `--for` when its time has come.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::RunArgs;
use super::events::Feed;
use super::host_topics::TICK;
use super::loops::Change;
use super::session::Session;
use crate::bus::{Readiness, Tap};
use crate::cli::cx::Cx;
use crate::cli::failure::Failure;
use crate::cli::load::Place;
use crate::cli::simulated::Simulated;
use crate::cli::target::Capsule;
use crate::clock::{Clock, Seat};
use crate::dispatch::Deliver;
use crate::limits::RECV_TIMEOUT_MAX;
use crate::principal::PrincipalId;

/// Messages that are given at once.
const MESSAGES_MAX: usize = 100_000;
/// How long a run goes on after the last message, if the user does not say it: as long as a loop can wait
/// in one call.
const QUIET: Duration = RECV_TIMEOUT_MAX;

/// The world around the capsules, if it is not the real one, with everything in it that the user publishes.
pub(super) fn prepare(
    cx: &Cx,
    args: &RunArgs,
    principal: &PrincipalId,
    capsules: &[Capsule],
    feed: &mut Feed,
) -> Result<Option<Simulated>, Failure> {
    let Some(mut world) = args.seed.world(cx)? else { return Ok(None) };
    let events = feed.take().all(MESSAGES_MAX)?;
    world.messages.splice(..0, events.into_iter().map(|event| event.arrival()));
    let owner = PrincipalId::default();
    let principals = match principal.is_default() {
        true => vec![owner],
        false => vec![principal.clone(), owner],
    };
    let manifests = capsules.iter().map(|it| Arc::clone(&it.manifest)).collect();
    Ok(Some(Simulated { world, principals, manifests }))
}

/// What ends the loops when their virtual time is over; in the real world nothing does.
pub(super) fn end(place: &Place, lasts: Option<Duration>) -> CancellationToken {
    let end = CancellationToken::new();
    if let Some(simulation) = place.simulation() {
        simulation.others.end_after(lasts, QUIET, end.clone());
    }
    end
}

/// The turns of a run among those of its loops.
pub(super) struct Rounds {
    pub(super) seat: Seat,
    clock: Clock,
    tap: Arc<Readiness>,
    /// Messages whose handlers are called when it is their turn.
    queue: VecDeque<Deliver>,
    /// What happened to loops and is looked at in the next turn.
    changes: VecDeque<Change>,
    /// Whether a handler is being called, in the turn of the run.
    is_calling: bool,
    /// Whether nothing is ever to come.
    is_over: bool,
    /// When the host ticks next, if anybody may see it.
    tick: Option<Duration>,
}

impl Rounds {
    /// The turns of a run in a simulated world; there are none in the real one.
    pub(super) fn new(place: &Place, tap: &Tap, ticks: bool) -> Option<Rounds> {
        let clock = place.simulation()?.machine.clock().clone();
        let tick = ticks.then(|| clock.monotonic().saturating_add(TICK));
        Some(Rounds {
            seat: clock.common_seat()?,
            clock,
            tap: Arc::new(tap.ready()),
            queue: VecDeque::new(),
            changes: VecDeque::new(),
            is_calling: false,
            is_over: false,
            tick,
        })
    }

    /// Whether nothing is ever to come.
    pub(super) fn are_over(&self) -> bool {
        self.is_over
    }

    /// Lets everybody begin.
    pub(super) fn open(&self) {
        self.clock.open();
    }

    /// Lets everybody end.
    pub(super) fn close(&self) {
        self.clock.close();
    }
}

/// Completes when it is the turn of the run, and nobody is using it.
pub(super) async fn turn(rounds: &Option<Rounds>) {
    match rounds {
        Some(rounds) if !rounds.is_calling && !rounds.is_over => rounds.seat.turn().await,
        _ => std::future::pending().await,
    }
}

impl Session<'_> {
    /// Notes what happened to a loop, for the next turn of the run. Gives it back where there are no turns.
    pub(super) fn later(&mut self, change: Change) -> Option<Change> {
        match &mut self.rounds {
            Some(rounds) if !rounds.is_over => {
                rounds.changes.push_back(change);
                None
            }
            _ => Some(change),
        }
    }

    /// Has a message served in its turn. Gives it back where there are no turns.
    pub(super) fn queue(&mut self, delivery: Deliver) -> Option<Deliver> {
        match &mut self.rounds {
            Some(rounds) => {
                rounds.queue.push_back(delivery);
                None
            }
            None => Some(delivery),
        }
    }

    /// Notes that a message has been served.
    pub(super) fn served(&mut self) {
        self.rounds.iter_mut().for_each(|rounds| rounds.is_calling = false);
    }

    /// Does what is to be done in a turn, until a handler is called or the turn is given away; whether a
    /// message of `until` was seen.
    pub(super) fn take_turn(&mut self, until: Option<&str>) -> bool {
        let mut seen = false;
        loop {
            self.rounds.iter().for_each(|rounds| rounds.seat.look());
            seen |= self.take_messages(until);
            self.take_inbound();
            let Some(rounds) = &mut self.rounds else { return seen };
            if let Some(change) = rounds.changes.pop_front() {
                self.loop_changed(change, false);
                continue;
            }
            if let (Some(delivery), Some(dispatcher)) = (rounds.queue.pop_front(), &self.dispatcher)
            {
                rounds.is_calling = true;
                rounds.seat.go_on();
                dispatcher.dispatch(delivery);
                return seen;
            }
            if let Some(at) = rounds.tick
                && at <= rounds.clock.monotonic()
            {
                rounds.tick = Some(at.saturating_add(TICK));
                rounds.seat.go_on();
                self.topics.tick();
                continue;
            }
            let (tap, tick) = (Arc::clone(&rounds.tap), rounds.tick);
            rounds.is_over = !rounds.seat.give(tick, move || tap.is_ready());
            return seen;
        }
    }
}
