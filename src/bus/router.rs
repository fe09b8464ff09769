//! The bus: numbers every message and puts it into the mailboxes that it is for.
//!
//! One lock covers numbering and routing, which is what keeps numbers and queues in one order. It
//! is held for a look-up by segment and one push per receiver; readers take from their mailbox
//! without it, and wakers run after it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::task::Waker;

use super::mailbox::{Capacity, Mailbox, Put};
use super::message::{Draft, Message};
use super::scope::Scope;
use super::slots::{Slots, SlotsFull};
use super::subscription::Subscription;
use super::tap::{Backlog, Tap};
use super::trie::Trie;
use super::wait::{Inbox, lock};

/// A message bus; clones are the same bus, and dropping the last one closes it.
#[derive(Clone)]
pub struct Bus(Arc<Handle>);

/// The bus was closed, so nothing can be published any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message bus is closed")]
pub struct Closed;

/// What became of a published message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// Its number, from 1.
    pub seq: u64,
    /// Subscriptions in which it waits now.
    pub delivered: usize,
    /// Subscriptions that it was for but whose buffer it exceeds on its own.
    pub too_large: usize,
    /// Older messages that went to make room for it, over all subscriptions.
    pub evicted: u64,
}

impl Bus {
    /// A bus without subscriptions.
    #[expect(clippy::new_without_default, reason = "an empty bus by accident loses messages")]
    pub fn new() -> Bus {
        Bus(Arc::new(Handle(Arc::default())))
    }

    /// Numbers a message and puts it into every mailbox that it is for, without waiting.
    ///
    /// The bus takes topic and payload as they are; a topic that no pattern can cover still gets a
    /// number and is seen by taps. Subscribers do not run before this returns.
    pub fn publish(&self, draft: Draft) -> Result<Published, Closed> {
        // The number is filled in below, so that nothing is allocated under the lock.
        let mut message = Arc::new(Message::from_draft(draft, 0));
        let mut woken = Vec::new();
        let published = {
            let mut state = lock(&self.0.0.state);
            if state.closed {
                return Err(Closed);
            }
            state.last_seq += 1;
            Arc::get_mut(&mut message).expect("nobody else has it yet").seq = state.last_seq;
            state.deliver(&message, &mut woken)
        };
        wake(woken);
        Ok(published)
    }

    /// Receives from now on what is published to topics that `pattern` covers by routing, from
    /// those whom `scope` admits.
    ///
    /// On a closed bus the subscription is closed at once. A malformed pattern receives nothing.
    pub fn subscribe(&self, pattern: &str, scope: Scope) -> Subscription {
        self.0.0.subscribe(pattern, scope)
    }

    /// Like [`Bus::subscribe`], within the limit of one instance; dropping frees the slot.
    pub fn subscribe_within(
        &self,
        slots: &Slots,
        pattern: &str,
        scope: Scope,
    ) -> Result<Subscription, SlotsFull> {
        let slot = slots.take()?;
        let mut subscription = self.subscribe(pattern, scope);
        subscription.slot = Some(slot);
        Ok(subscription)
    }

    /// Observes every message from now on.
    pub fn tap(&self) -> Tap {
        let inbox = Arc::new(Inbox::new(Backlog::default()));
        let mut state = lock(&self.0.0.state);
        if state.closed {
            inbox.close(&mut Vec::new());
        } else {
            state.taps.push(Arc::clone(&inbox));
        }
        Tap { core: Arc::clone(&self.0.0), inbox }
    }

    /// Subscriptions that exist.
    pub fn subscription_count(&self) -> usize {
        lock(&self.0.0.state).inboxes.len()
    }

    /// Ends publishing and every wait; what is queued can still be taken. Closing again does
    /// nothing.
    pub fn close(&self) {
        self.0.0.close();
    }
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = lock(&self.0.0.state);
        f.debug_struct("Bus")
            .field("last_seq", &state.last_seq)
            .field("subscriptions", &state.inboxes.len())
            .field("closed", &state.closed)
            .finish_non_exhaustive()
    }
}

/// Closes the bus when the last [`Bus`] goes; subscriptions and taps hold only the [`Core`].
struct Handle(Arc<Core>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.close();
    }
}

#[derive(Default)]
pub(super) struct Core {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last_seq: u64,
    next_id: u64,
    closed: bool,
    routes: Trie<Route>,
    /// The mailbox of every subscription, also of those whose pattern covers nothing.
    inboxes: BTreeMap<u64, Arc<Inbox<Mailbox>>>,
    taps: Vec<Arc<Inbox<Backlog>>>,
}

struct Route {
    scope: Scope,
    inbox: Arc<Inbox<Mailbox>>,
}

impl State {
    fn deliver(&self, message: &Arc<Message>, woken: &mut Vec<Waker>) -> Published {
        let mut published = Published { seq: message.seq, delivered: 0, too_large: 0, evicted: 0 };
        self.routes.each(&message.topic, |route| {
            if route.scope.admits(&message.principal) {
                match route.inbox.fill(woken, |mailbox| mailbox.put(Arc::clone(message))) {
                    Put::Queued { evicted } => {
                        published.delivered += 1;
                        published.evicted += evicted;
                    }
                    Put::TooLarge => published.too_large += 1,
                }
            }
        });
        for tap in &self.taps {
            tap.fill(woken, |backlog| backlog.put(Arc::clone(message)));
        }
        published
    }
}

impl Core {
    fn subscribe(self: &Arc<Core>, pattern: &str, scope: Scope) -> Subscription {
        let inbox = Arc::new(Inbox::new(Mailbox::new(Capacity::default())));
        let mut state = lock(&self.state);
        let id = state.next_id;
        state.next_id += 1;
        if state.closed {
            inbox.close(&mut Vec::new());
        } else {
            state.routes.insert(pattern, id, Route { scope, inbox: Arc::clone(&inbox) });
            state.inboxes.insert(id, Arc::clone(&inbox));
        }
        let core = Arc::clone(self);
        Subscription { core, id, pattern: pattern.into(), inbox, slot: None }
    }

    pub(super) fn unsubscribe(&self, pattern: &str, id: u64) {
        let mut state = lock(&self.state);
        state.routes.remove(pattern, id);
        state.inboxes.remove(&id);
    }

    pub(super) fn remove_tap(&self, inbox: &Arc<Inbox<Backlog>>) {
        lock(&self.state).taps.retain(|tap| !Arc::ptr_eq(tap, inbox));
    }

    fn close(&self) {
        let mut woken = Vec::new();
        {
            let mut state = lock(&self.state);
            state.closed = true;
            state.inboxes.values().for_each(|inbox| inbox.close(&mut woken));
            state.taps.iter().for_each(|tap| tap.close(&mut woken));
        }
        wake(woken);
    }
}

/// Runs wakers, which may be anybody's code: no lock is held.
pub(super) fn wake(wakers: Vec<Waker>) {
    wakers.into_iter().for_each(Waker::wake);
}

#[cfg(test)]
mod tests;
