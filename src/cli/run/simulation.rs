//! `run --seed`: loops and handlers in a world of their own.
//!
//! Virtual time passes while all of them wait, and only then, so that hours are over in moments and the same
//! happens in the same places each time. Loops take turns; the run itself has one too, in which messages
//! are seen and handlers are called, of whom one computes at a time. The user's messages come once every
//! loop is ready, and the end of `--for` when its time has come.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::RunArgs;
use super::events::Feed;
use super::host_topics::TICK;
use super::hosting::Role;
use super::loops::Change;
use super::session::Session;
use crate::bus::{Readiness, Tap};
use crate::cases::world::Others;
use crate::cli::cx::Cx;
use crate::cli::failure::Failure;
use crate::cli::load::Place;
use crate::cli::simulated::Simulated;
use crate::cli::target::Capsule;
use crate::clock::{Clock, Seat};
use crate::dispatch::{Deliver, Handled};
use crate::engine::Health;
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
    others: Arc<Others>,
    tap: Arc<Readiness>,
    /// Messages whose handlers are called when it is their turn.
    queue: VecDeque<Deliver>,
    /// Messages whose handlers are being called: one computes, the others wait.
    calls: Vec<Deliver>,
    /// Loops whose end was seen, by member.
    ended: HashSet<usize>,
    /// Whether nothing is ever to come.
    is_over: bool,
    /// When the host ticks next, if anybody may see it.
    tick: Option<Duration>,
}

impl Rounds {
    /// The turns of a run in a simulated world; there are none in the real one.
    pub(super) fn new(place: &Place, tap: &Tap, ticks: bool) -> Option<Rounds> {
        let simulation = place.simulation()?;
        let clock = simulation.machine.clock().clone();
        let tick = ticks.then(|| clock.monotonic().saturating_add(TICK));
        // Nobody has subscribed to anything yet.
        simulation.others.hold();
        Some(Rounds {
            seat: clock.common_seat()?,
            clock,
            others: Arc::clone(&simulation.others),
            tap: Arc::new(tap.ready()),
            queue: VecDeque::new(),
            calls: Vec::new(),
            ended: HashSet::new(),
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

    /// Lets the messages come: every loop is ready, or has had the time for it.
    pub(super) fn begin(&self) {
        self.others.begin();
    }

    /// Lets everybody end.
    pub(super) fn close(&self) {
        self.clock.close();
    }

    /// What is not served any more.
    pub(super) fn take_queue(&mut self) -> VecDeque<Deliver> {
        std::mem::take(&mut self.queue)
    }

    /// The next message that can be served. A capsule serves one of a principal at a time, and a chain goes
    /// on without waiting for its turn: so none begins that has to wait for another.
    fn next_call(&mut self) -> Option<Deliver> {
        let workers = |delivery: &Deliver| -> Vec<usize> {
            delivery.chain.iter().map(|step| step.worker).collect()
        };
        let is_free = |delivery: &Deliver| {
            let (wanted, who) = (workers(delivery), whose(delivery));
            self.calls.iter().all(|call| {
                whose(call) != who || workers(call).iter().all(|worker| !wanted.contains(worker))
            })
        };
        let at = self.queue.iter().position(is_free)?;
        let delivery = self.queue.remove(at)?;
        self.calls.push(delivery.clone());
        Some(delivery)
    }
}

/// For whom a message is served: what the host says, for the owner.
fn whose(delivery: &Deliver) -> &str {
    delivery.message.principal.name().unwrap_or("default")
}

/// Completes when it is the turn of the run, and no handler is using it.
pub(super) async fn turn(rounds: &Option<Rounds>) {
    match rounds {
        Some(rounds) if !rounds.is_over => rounds.seat.turn().await,
        _ => std::future::pending().await,
    }
}

impl Session<'_> {
    /// A change of a loop that is still to be looked at: in a simulated world it is seen in a turn, when it has
    /// happened and not when it is heard of.
    pub(super) fn unseen(&self, change: Change, closing: bool) -> Option<Change> {
        let Some(rounds) = &self.rounds else { return Some(change) };
        let Change::Ended { member, .. } = change else { return None };
        let is_new = !rounds.ended.contains(&member);
        (is_new && (closing || rounds.is_over)).then_some(change)
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
    pub(super) fn served(&mut self, handled: &Handled) {
        if let Some(rounds) = &mut self.rounds {
            rounds.calls.retain(|call| !Arc::ptr_eq(&call.message, &handled.delivered.message));
            rounds.seat.take_back();
        }
    }

    /// Waits until every loop has signalled readiness or ended, or had its virtual time.
    pub(super) async fn wait_ready_in_turns(&mut self, timeout: Duration) {
        let mut deadline = None;
        loop {
            turn(&self.rounds).await;
            self.look_at_loops().await;
            let starting = self.members.iter().position(|member| match &member.role {
                Role::Loop(live) => matches!(live.run.health(), Health::Starting),
                _ => false,
            });
            let (Some(rounds), Some(member)) = (&self.rounds, starting) else { return };
            let now = rounds.clock.monotonic();
            let deadline = *deadline.get_or_insert_with(|| now.saturating_add(timeout));
            let Role::Loop(live) = &self.members[member].role else { return };
            if now >= deadline || !rounds.seat.give(Some(deadline), live.run.readiness()) {
                break;
            }
        }
        for member in 0..self.members.len() {
            if let Role::Loop(live) = &self.members[member].role
                && matches!(live.run.health(), Health::Starting)
            {
                self.say_late(member);
            }
        }
    }

    /// Sees which loops are ready by now, and which have ended.
    pub(super) async fn look_at_loops(&mut self) {
        if self.rounds.is_none() {
            return;
        }
        for member in 0..self.members.len() {
            let Role::Loop(live) = &self.members[member].role else { continue };
            let (was_ready, generation) = (live.run.was_ready(), live.generation);
            let report = match live.run.health() {
                Health::Exited(report) | Health::Failed(report) => Some(report),
                Health::Starting | Health::Ready => None,
            };
            if was_ready {
                self.say_ready(member);
            }
            let Some(rounds) = &mut self.rounds else { return };
            let Some(report) = report.filter(|_| rounds.ended.insert(member)) else { continue };
            if !was_ready {
                self.serve_instead(member, &report).await;
            }
            self.loop_changed(Change::Ended { member, generation, report }, false);
        }
    }

    /// Does what is to be done in a turn, until a handler is called or the turn is given away; whether a
    /// message of `until` was seen, which ends the turn and the run.
    pub(super) async fn take_turn(&mut self, until: Option<&str>) -> bool {
        loop {
            self.rounds.iter().for_each(|rounds| rounds.seat.look());
            if self.take_messages(until) {
                return true;
            }
            self.take_inbound();
            self.look_at_loops().await;
            let is_timed = self.hosting.loops_end.is_cancelled();
            let Some(rounds) = &mut self.rounds else { return false };
            // What a loop's end led to.
            if rounds.tap.is_ready() {
                continue;
            }
            if let (false, Some(dispatcher)) = (is_timed, &self.dispatcher)
                && let Some(delivery) = rounds.next_call()
            {
                rounds.seat.lend();
                dispatcher.dispatch(delivery);
                return false;
            }
            if let Some(at) = rounds.tick.filter(|_| !is_timed)
                && at <= rounds.clock.monotonic()
            {
                rounds.tick = Some(at.saturating_add(TICK));
                rounds.seat.go_on();
                self.topics.tick();
                continue;
            }
            let (tap, tick) = (Arc::clone(&rounds.tap), rounds.tick.filter(|_| !is_timed));
            rounds.is_over = !rounds.seat.give(tick, move || tap.is_ready());
            return false;
        }
    }

    /// Lets all that was asked to end do so in its turn, if the run has the turn to give.
    pub(super) async fn leave(&mut self) {
        if !self.rounds.as_ref().is_some_and(|rounds| rounds.seat.has_turn()) {
            return;
        }
        loop {
            let Some(rounds) = &self.rounds else { return };
            tokio::select! {
                biased;
                Some(handled) = self.handled.recv() => self.finish_step(&handled),
                () = rounds.seat.turn() => {
                    if !rounds.seat.give(None, || false) {
                        return;
                    }
                }
            }
        }
    }
}
