//! How many connections, listeners or transfers one instance may have at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// Places that are taken and given back.
#[derive(Debug)]
pub(crate) struct Slots {
    /// Counted from the first one on: most instances need none.
    taken: OnceLock<Arc<AtomicUsize>>,
    max: usize,
}

/// One place; free again when dropped.
#[derive(Debug)]
pub(crate) struct Slot(Arc<AtomicUsize>);

impl Slots {
    pub(crate) fn new(max: usize) -> Slots {
        Slots { taken: OnceLock::new(), max }
    }

    /// Takes a place, if one is free.
    pub(crate) fn take(&self) -> Option<Slot> {
        let more = |taken| (taken < self.max).then_some(taken + 1);
        let taken = self.taken.get_or_init(Arc::default);
        taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Slot(Arc::clone(taken)))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
