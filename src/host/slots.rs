//! How many connections, listeners or transfers one instance may have at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Places that are taken and given back.
#[derive(Debug)]
pub(crate) struct Slots {
    taken: Arc<AtomicUsize>,
    max: usize,
}

/// One place; free again when dropped.
#[derive(Debug)]
pub(crate) struct Slot(Arc<AtomicUsize>);

impl Slots {
    pub(crate) fn new(max: usize) -> Slots {
        Slots { taken: Arc::default(), max }
    }

    /// Takes a place, if one is free.
    pub(crate) fn take(&self) -> Option<Slot> {
        let more = |taken| (taken < self.max).then_some(taken + 1);
        let taken = self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        taken.ok().map(|_| Slot(Arc::clone(&self.taken)))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
