//! How many subscriptions one instance may hold.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// A fixed number of places for subscriptions.
#[derive(Debug)]
pub struct Slots {
    /// Counted from the first one on: most instances hold none.
    free: OnceLock<Arc<AtomicUsize>>,
    max: usize,
}

/// Every slot is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("all {max} subscriptions are in use")]
pub struct SlotsFull {
    /// Subscriptions that there may be at once.
    pub max: usize,
}

impl Slots {
    /// `max` free slots.
    pub fn new(max: usize) -> Slots {
        Slots { free: OnceLock::new(), max }
    }

    /// Takes a slot until the result is dropped.
    pub(super) fn take(&self) -> Result<Slot, SlotsFull> {
        let free = self.free.get_or_init(|| Arc::new(AtomicUsize::new(self.max)));
        free.try_update(Ordering::Relaxed, Ordering::Relaxed, |free| free.checked_sub(1))
            .map(|_| Slot(Arc::clone(free)))
            .map_err(|_| SlotsFull { max: self.max })
    }
}

/// A slot that is in use; dropping it frees it.
#[derive(Debug)]
pub(super) struct Slot(Arc<AtomicUsize>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
