//! What arrived over a capsule's uplinks and nobody has taken yet.
//!
//! Room is counted by principal, so that one who fills it takes none of another's.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use uuid::Uuid;

use crate::limits::{UPLINK_QUEUE_BYTES_MAX, UPLINK_QUEUE_MAX};

/// Something that a user of another platform wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbound {
    /// The registration over which it came.
    pub uplink: Uuid,
    /// The name of that registration, as the capsule gave it.
    pub name: String,
    /// The platform, in lower case.
    pub platform: String,
    /// Who wrote it, in the platform's own terms.
    pub user: String,
    /// What they wrote.
    pub content: String,
    /// The principal that the capsule acted for.
    pub principal: String,
    /// When it was handed in, since the Unix epoch.
    pub timestamp: Duration,
}

impl Inbound {
    fn bytes(&self) -> usize {
        self.name.len() + self.platform.len() + self.user.len() + self.content.len()
    }
}

/// The inbound queue of one loaded capsule; clones are the same queue.
#[derive(Clone, Default)]
pub struct InboundQueue(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    arrived: Arc<Notify>,
}

#[derive(Default)]
struct State {
    items: Vec<Inbound>,
    held: HashMap<String, Held>,
    refused: u64,
}

/// What one principal has in the queue.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    items: usize,
    bytes: usize,
}

impl InboundQueue {
    /// An empty queue that tells `arrived` of everything that comes in; several may share one.
    pub fn new(arrived: Arc<Notify>) -> InboundQueue {
        InboundQueue(Arc::new(Shared { state: Mutex::default(), arrived }))
    }

    /// Adds an item unless the queue is full for its principal.
    pub fn push(&self, item: Inbound) -> bool {
        let mut state = self.lock();
        let held = state.held.get(&item.principal).copied().unwrap_or_default();
        let bytes = held.bytes.saturating_add(item.bytes());
        if held.items >= UPLINK_QUEUE_MAX || bytes > UPLINK_QUEUE_BYTES_MAX {
            state.refused += 1;
            return false;
        }
        state.held.insert(item.principal.clone(), Held { items: held.items + 1, bytes });
        state.items.push(item);
        drop(state);
        self.0.arrived.notify_one();
        true
    }

    /// Takes everything that waits, and how many were refused since the previous time.
    pub fn drain(&self) -> (Vec<Inbound>, u64) {
        let mut state = self.lock();
        state.held.clear();
        (std::mem::take(&mut state.items), std::mem::take(&mut state.refused))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Whole between any two statements that could panic.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for InboundQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InboundQueue").field("waiting", &self.lock().items.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(content: &str) -> Inbound {
        Inbound {
            uplink: Uuid::nil(),
            name: String::new(),
            platform: String::new(),
            user: String::new(),
            content: content.to_owned(),
            principal: "default".to_owned(),
            timestamp: Duration::ZERO,
        }
    }

    #[test]
    fn a_full_queue_refuses_and_counts_and_taking_makes_room() {
        let queue = InboundQueue::default();
        for number in 0..UPLINK_QUEUE_MAX {
            assert!(queue.push(item(&number.to_string())), "{number}");
        }
        assert!(!queue.push(item("more")));
        assert!(!queue.push(item("more")));
        let (items, refused) = queue.drain();
        assert_eq!((items.len(), refused), (UPLINK_QUEUE_MAX, 2));
        assert_eq!(items[1].content, "1");
        assert!(queue.push(item("again")));
        assert_eq!(queue.drain(), (vec![item("again")], 0));
    }

    #[test]
    fn whoever_fills_the_queue_takes_nobody_elses_room() {
        let queue = InboundQueue::default();
        while queue.push(item("flood")) {}
        let other = Inbound { principal: "ann".to_owned(), ..item("hello") };
        assert!(queue.push(other.clone()));
        assert_eq!(queue.drain().0.last(), Some(&other));
    }

    #[test]
    fn large_items_fill_the_queue_before_it_has_many() {
        let queue = InboundQueue::default();
        let large = "x".repeat(UPLINK_QUEUE_BYTES_MAX / 2);
        assert!(queue.push(item(&large)));
        assert!(queue.push(item(&large)));
        assert!(!queue.push(item("x")));
        assert_eq!(queue.drain().0.len(), 2);
        assert!(queue.push(item("x")), "room again");
    }
}
