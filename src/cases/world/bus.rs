//! Everybody else on the bus of a case: messages that come in their time, answers to what the capsule
//! publishes, and the end of a run loop.
//!
//! All of it happens while the capsule waits, by the virtual clock, so that it happens in the same
//! places each time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::bus::{Attribution, Bus, Draft, Tap};
use crate::cases::model::{Arrival, Reply};
use crate::clock::{Clock, Happened, Happenings, LAST};
use crate::principal::PrincipalId;

/// Answers to the messages of one wait. Two that answer each other would go on for ever.
const ROUNDS_MAX: usize = 64;

/// Everybody else on the bus of a simulation.
pub struct Others {
    bus: Bus,
    clock: Clock,
    principal: PrincipalId,
    tap: Tap,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    one_at_a_time: bool,
    /// Whether nothing comes yet.
    is_held: bool,
    /// Under which ids the capsules publish.
    capsules: Vec<Uuid>,
    /// What is still to come, soonest first, by the clock.
    coming: VecDeque<(Duration, Arrival)>,
    /// What is answered, and how often that has happened.
    replies: Vec<(Reply, u64)>,
    /// When a loop is asked to end.
    end: Option<(Duration, CancellationToken)>,
}

impl Others {
    /// Those who send `messages`, counted from now, and `replies`, on behalf of `principal` unless a
    /// message says otherwise.
    pub(super) fn new(
        bus: &Bus,
        clock: &Clock,
        principal: &PrincipalId,
        messages: &[Arrival],
        replies: &[Reply],
    ) -> Arc<Others> {
        let now = clock.monotonic();
        let mut coming: Vec<_> = messages
            .iter()
            .map(|it| (now.saturating_add(it.after).min(LAST), it.clone()))
            .collect();
        // Those of one moment stay in their order.
        coming.sort_by_key(|(at, _)| *at);
        let others = Arc::new(Others {
            bus: bus.clone(),
            clock: clock.clone(),
            principal: principal.clone(),
            tap: bus.tap(),
            state: Mutex::new(State {
                coming: coming.into(),
                replies: replies.iter().map(|it| (it.clone(), 0)).collect(),
                ..State::default()
            }),
        });
        clock.attend(&others);
        others
    }

    /// Says under which id a capsule publishes, which is answered from now on.
    pub fn meet(&self, capsule: Uuid) {
        self.lock().capsules.push(capsule);
    }

    /// From now on a wait ends with one message, also where several are due.
    pub(in crate::cases) fn come_one_at_a_time(&self) {
        self.lock().one_at_a_time = true;
    }

    /// Nothing comes until [`Others::begin`].
    pub fn hold(&self) {
        self.lock().is_held = true;
    }

    /// What is to come comes from now on, in its time.
    pub fn begin(&self) {
        self.lock().is_held = false;
    }

    /// No message comes any more but answers.
    pub(in crate::cases) fn fall_silent(&self) {
        self.lock().coming.clear();
    }

    /// Asks somebody to end, that long after now or, if that is not `given`, `quiet` after the last
    /// message.
    pub fn end_after(&self, given: Option<Duration>, quiet: Duration, cancel: CancellationToken) {
        let mut state = self.lock();
        let now = self.clock.monotonic();
        let at = match given {
            Some(given) => now.saturating_add(given).min(LAST),
            None => {
                let last = state.coming.back().map_or(now, |(at, _)| *at);
                last.max(now).saturating_add(quiet).min(LAST)
            }
        };
        state.end = Some((at, cancel));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn publish(&self, message: &Arrival) {
        let principal = message.principal.as_ref().unwrap_or(&self.principal);
        let draft = Draft {
            topic: message.topic.as_str().into(),
            payload: Arc::clone(&message.payload),
            source_id: Uuid::nil(),
            principal: Attribution::Verified(principal.as_str().into()),
            timestamp: self.clock.since_epoch(),
        };
        // The bus is open for as long as the machine is there.
        let _ = self.bus.publish(draft);
    }

    /// Answers what the capsule has published, and what the answers lead to; whether anything did.
    fn answer(&self) -> bool {
        for round in 0..ROUNDS_MAX {
            let mut answers = Vec::new();
            let mut guard = self.lock();
            let state = &mut *guard;
            for message in self.tap.drain().messages {
                if !state.capsules.contains(&message.source_id) {
                    continue;
                }
                let fitting = state.replies.iter_mut().find_map(|(reply, used)| {
                    let free = reply.times.is_none_or(|times| *used < times);
                    let answer = free.then(|| reply.answer(&message.topic)).flatten()?;
                    *used += 1;
                    // Unless it says otherwise, for whom the message was.
                    let asker = message.principal.name().and_then(|it| PrincipalId::new(it).ok());
                    Some(Arrival { principal: answer.principal.clone().or(asker), ..answer })
                });
                answers.extend(fitting);
            }
            drop(guard);
            if answers.is_empty() {
                return round > 0;
            }
            answers.iter().for_each(|answer| self.publish(answer));
        }
        true
    }
}

impl Happenings for Others {
    fn happen(&self, now: Duration) -> Happened {
        let mut anything = self.answer();
        loop {
            let mut state = self.lock();
            if state.is_held {
                return Happened { anything, next: None };
            }
            let due = state.coming.pop_front_if(|(at, _)| *at <= now);
            let one_at_a_time = state.one_at_a_time;
            drop(state);
            let Some((_, message)) = due else { break };
            self.publish(&message);
            anything = true;
            if one_at_a_time {
                break;
            }
        }
        let mut state = self.lock();
        if let Some((at, cancel)) = &state.end
            && *at <= now
        {
            cancel.cancel();
            anything = true;
            state.end = None;
            // What comes after the end does not come.
            state.coming.clear();
        }
        let end = state.end.as_ref().map(|(at, _)| *at);
        let next = state.coming.front().map(|(at, _)| *at);
        Happened { anything, next: end.into_iter().chain(next).min() }
    }
}
