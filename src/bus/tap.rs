//! Observers that see every message, whatever its topic.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use super::message::Message;
use super::router::Core;
use super::wait::{Inbox, Queue, Readiness, Wait};

/// Messages that wait in one tap. Ours: minutes of ordinary traffic.
const TAP_MESSAGES_MAX: usize = 65_536;
/// Bytes (payload and topic) that wait in one tap. Ours.
const TAP_BYTES_MAX: usize = 64 << 20;

/// An observer of every message published since it was made; dropping it ends that.
///
/// Meant for the tool itself: it sees all principals' messages.
pub struct Tap {
    pub(super) core: Arc<Core>,
    pub(super) inbox: Arc<Inbox<Backlog>>,
}

/// What one look at a tap returned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Messages in order of their numbers.
    pub messages: Vec<Arc<Message>>,
    /// Messages since the previous look that went, oldest first, because nobody looked in time.
    pub missed: u64,
}

impl Tap {
    /// Takes everything that was published since the previous look.
    pub fn drain(&self) -> Observed {
        self.inbox.take(|backlog| {
            let queue = std::mem::take(backlog);
            Observed { messages: queue.messages.into(), missed: queue.missed }
        })
    }

    /// Waits until a message was published or the bus is closed.
    pub fn ready(&self) -> Readiness {
        Readiness::new(Arc::clone(&self.inbox) as Arc<dyn Wait>)
    }

    /// Whether the bus is closed: what is waiting can still be taken, nothing follows.
    pub fn is_closed(&self) -> bool {
        self.inbox.is_closed()
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.core.remove_tap(&self.inbox);
    }
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tap").field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}

/// What waits in a tap.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    messages: VecDeque<Arc<Message>>,
    bytes: usize,
    missed: u64,
}

impl Backlog {
    /// Adds a message at the cost of the oldest ones.
    pub(super) fn put(&mut self, message: Arc<Message>) {
        self.bytes = self.bytes.saturating_add(message.cost());
        self.messages.push_back(message);
        while self.messages.len() > TAP_MESSAGES_MAX || self.bytes > TAP_BYTES_MAX {
            let Some(oldest) = self.messages.pop_front() else {
                break;
            };
            self.bytes = self.bytes.saturating_sub(oldest.cost());
            self.missed += 1;
        }
    }
}

impl Queue for Backlog {
    fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }
}
