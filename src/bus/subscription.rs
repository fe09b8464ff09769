//! A subscriber's end of the bus.

use std::fmt;
use std::sync::Arc;

use super::mailbox::{Batch, Drained, Mailbox};
use super::router::{Core, wake};
use super::slots::Slot;
use super::wait::{Inbox, Readiness, Wait};

/// A mailbox for the messages of one pattern.
///
/// Each subscription has its own copy of every message, and taking from one never takes from
/// another. Dropping it discards what waits, ends every wait for it and frees its slot.
pub struct Subscription {
    pub(super) core: Arc<Core>,
    pub(super) id: u64,
    pub(super) pattern: Box<str>,
    pub(super) inbox: Arc<Inbox<Mailbox>>,
    pub(super) slot: Option<Slot>,
}

impl Subscription {
    /// The pattern as it was given.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// Takes messages of together at most `bytes_max` payload and topic bytes, never more than one
    /// envelope holds; what does not fit stays.
    ///
    /// When anything waits, at least one message comes back, whatever it costs: zero takes one.
    pub fn drain(&self, bytes_max: usize) -> Drained {
        self.inbox.take(|mailbox| mailbox.drain(bytes_max, Batch::Mixed))
    }

    /// Like [`Subscription::drain`], but stops where the sender changes, so that everything that
    /// comes back has the same attribution.
    pub fn drain_one_sender(&self, bytes_max: usize) -> Drained {
        self.inbox.take(|mailbox| mailbox.drain(bytes_max, Batch::OneSender))
    }

    /// Whether a message waits, or the bus is closed.
    pub fn is_ready(&self) -> bool {
        self.inbox.is_ready()
    }

    /// Waits until a message waits, or the bus or this subscription is closed.
    ///
    /// The result does not borrow the subscription and completes when that is dropped.
    pub fn ready(&self) -> Readiness {
        Readiness::new(Arc::clone(&self.inbox) as Arc<dyn Wait>)
    }

    /// Whether the bus is closed: what waits can still be taken, nothing follows.
    pub fn is_closed(&self) -> bool {
        self.inbox.is_closed()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.core.unsubscribe(&self.pattern, self.id);
        let mut woken = Vec::new();
        self.inbox.close(&mut woken);
        drop(self.inbox.take(std::mem::take));
        wake(woken);
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("pattern", &self.pattern)
            .field("limited", &self.slot.is_some())
            .field("ready", &self.is_ready())
            .finish_non_exhaustive()
    }
}
